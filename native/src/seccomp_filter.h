// SPDX-License-Identifier: Apache-2.0
#pragma once

/*
 * Puts a filter on every thread of this process, now and later, that refuses (EPERM) the system calls an unprivileged
 * web server never needs. Sets no_new_privs on every thread on the way. It cannot be taken back.
 *
 * Throws coded_error; then no thread has the filter.
 */
void install_seccomp_filter();
