// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <napi.h>

#include "coded_error.h"

/* JS thread: `throw to_js_error(env, error)`. */
inline Napi::Error to_js_error(Napi::Env env, const coded_error& error) {
  Napi::Error result = Napi::Error::New(env, error.what());
  result.Set("code", Napi::String::New(env, error.code()));
  return result;
}
