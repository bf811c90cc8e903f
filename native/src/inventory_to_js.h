// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <napi.h>

#include <vector>

#include "namespace_facts.h"

/* NamespaceFacts[] of index.d.ts. JS thread. */
Napi::Array to_js(Napi::Env env, const std::vector<namespace_facts>& namespaces);
