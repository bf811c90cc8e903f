// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "coded_error.h"

// What this kernel and this process can do, and the true cause when they cannot. libbpf blames `ulimit -l` for every EPERM, so its
// log is only quoted, never believed.

// Throw coded_error.
void require_btf();
void require_privilege();

// The error to throw when the kernel refused both builds of the programs. `said` is what it said to the second.
coded_error why_refused(const std::string& said);

// libbpf's own messages go to stderr by default; these keep the last telling line instead, per thread.
void silence_libbpf();
void forget_libbpf_log();
std::string libbpf_log();
