/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What user space decides before the programs are loaded. */
#ifndef HOPSCOPE_CONFIG_BPF_H
#define HOPSCOPE_CONFIG_BPF_H

#include "kernel_types.bpf.h"
#include "hop_shared.h"

const volatile struct hop_config config = {};

#endif
