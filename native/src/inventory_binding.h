// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <napi.h>

/* Adds `openInventory` to the exports. */
void init_inventory(Napi::Env env, Napi::Object exports);
