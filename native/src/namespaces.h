// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "unique_fd.h"

/*
 * Where network namespaces can be found, by inode number. Nothing here keeps one alive: namespaces are told by the text
 * of their links and mounts, and the only descriptor, from open_namespace, is the caller's to drop after the look.
 */

/* inum → paths of the bind mounts that hold it: /run/netns/NAME, /run/docker/netns/ID, or anywhere else. */
std::map<uint32_t, std::vector<std::string>> list_namespace_mounts();

/* inum → pids of the processes whose main thread is in it, lowest first. `denied`: those whose link this process may not read. */
std::map<uint32_t, std::vector<pid_t>> list_process_namespaces(std::vector<pid_t>* denied);

/* The namespace of one process; 0 = gone or not readable. */
uint32_t namespace_of_process(pid_t pid);

/* The namespace this process is in, whatever namespace the calling thread has moved to. */
uint32_t own_namespace();

/* Opens /proc/PID/ns/net or a mount's path, if that is still the namespace `inum`. */
unique_fd open_namespace(const std::string& path, uint32_t inum);
std::string process_namespace_path(pid_t pid);
