// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <napi.h>
#include <uv.h>

#include <memory>

// Calls `on_readable` on this environment's thread when the kernel wakes the reader of the ring; no thread of its own.
// After a call it is silent until `arm`. Closing is not immediate in libuv, so the environment is asked to wait for it.
class ring_watch {
 public:
  ring_watch(Napi::Env env, int fd, Napi::Function on_readable);
  ~ring_watch();
  ring_watch(const ring_watch&) = delete;
  ring_watch& operator=(const ring_watch&) = delete;

  void arm();

 private:
  struct state;
  state* state_;  // freed by libuv's close callback; null once that is on its way
};
