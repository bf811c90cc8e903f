// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <napi.h>
#include <sys/types.h>

/*
 * Gives up every privilege of this process, on all of its threads, and proves it by reading /proc/self/task.
 * Throws coded_error when any part failed; the process may then be half way and must exit.
 */
void lock_down(uid_t uid, gid_t gid);

/* Adds `lockDown` to the exports. */
void init_lock_down(Napi::Env env, Napi::Object exports);
