// SPDX-License-Identifier: Apache-2.0
#include "kernel_support.h"

#include <bpf/libbpf.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <fstream>

namespace {

thread_local std::string last_warning;

int keep_warning(enum libbpf_print_level level, const char* format, va_list arguments) {
  if (level != LIBBPF_WARN) return 0;
  char text[512];
  vsnprintf(text, sizeof(text), format, arguments);
  // The verifier's log comes as one warning of many lines, its verdict before the counts at the end.
  const std::string line(text, strcspn(text, "\n"));
  if (line.find("ulimit") != std::string::npos || line.find("BEGIN PROG LOAD LOG") != std::string::npos) return 0;
  if (last_warning.empty()) last_warning = line.rfind("libbpf: ", 0) == 0 ? line.substr(8) : line;
  return 0;
}

uint64_t effective_capabilities() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0) return 0;
  return static_cast<uint64_t>(data[1].effective) << 32 | data[0].effective;
}

bool has(uint64_t capabilities, int capability) { return capabilities >> capability & 1; }

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace

void require_btf() {
  if (access("/sys/kernel/btf/vmlinux", R_OK) == 0) return;
  throw coded_error("ERR_NO_BTF",
                   "this kernel does not describe its types: /sys/kernel/btf/vmlinux is missing. Use a kernel with "
                   "CONFIG_DEBUG_INFO_BTF=y (Debian 11, Ubuntu 20.10, Fedora 31, RHEL 8.2 and later have it); in a container, mount /sys");
}

void require_privilege() {
  const uint64_t capabilities = effective_capabilities();
  if (has(capabilities, CAP_SYS_ADMIN)) return;
  std::string missing;
  if (!has(capabilities, CAP_BPF)) missing += " CAP_BPF";
  if (!has(capabilities, CAP_PERFMON)) missing += " CAP_PERFMON";
  if (missing.empty()) return;
  throw coded_error("ERR_NO_PRIVILEGE", "loading kernel programs needs privilege, missing:" + missing + ". Run it as root (sudo)");
}

coded_error why_refused(const std::string& said) {
  if (first_line("/sys/kernel/security/lockdown").find("[confidentiality]") != std::string::npos) {
    return coded_error("ERR_KERNEL", "the kernel is locked down (confidentiality), which forbids tracing. Boot with lockdown=integrity or none");
  }
  if (said.rfind(strerror(EPERM), 0) == 0) {
    return coded_error("ERR_NO_PRIVILEGE",
                      "the kernel refused the programs although the capabilities are there: a container's seccomp profile or a security module. "
                      "Run it on the host, or the container with --privileged");
  }
  return coded_error("ERR_KERNEL", "the kernel refused the programs: " + said);
}

void silence_libbpf() { libbpf_set_print(keep_warning); }

void forget_libbpf_log() { last_warning.clear(); }

std::string libbpf_log() { return last_warning; }
