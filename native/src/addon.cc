// SPDX-License-Identifier: Apache-2.0
// Module init, once per environment (the main thread and each worker that loads the addon). No state lives here.
#include <napi.h>

#include "capture_binding.h"
#include "inventory_binding.h"
#include "lock_down.h"

namespace {

Napi::Object init(Napi::Env env, Napi::Object exports) {
  init_capture(env, exports);
  init_inventory(env, exports);
  init_lock_down(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(hopscope, init)
