// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <napi.h>

// openCapture, dropReasons, libbpfVersion, quietMs of index.d.ts.
void init_capture(Napi::Env env, Napi::Object exports);
