// SPDX-License-Identifier: Apache-2.0
#include "lock_down.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <string>

#include "coded_error.h"
#include "js_error.h"
#include "seccomp_filter.h"

namespace {

// What setuid() leaves behind: the bounding, ambient and inheritable sets. Still as root, since the first needs
// CAP_SETPCAP. Linux keeps these per thread and this reaches the calling one. On the others ambient goes with the uid,
// inheritable is empty unless something gave it (verify() tells), and the bounding set has no meaning once execve is
// refused.
void drop_inherited_capabilities() {
  for (unsigned long capability = 0;; ++capability) {
    const int held = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
    if (held < 0) break;  // past the last one this kernel knows
    if (held == 0 || prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    throw coded_error::system("PR_CAPBSET_DROP", errno);
  }
  // Ambient: linux 4.3, commit 58319057b784.
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) throw coded_error::system("PR_CAP_AMBIENT", errno);

  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
  if (syscall(SYS_capget, &header, sets) != 0) throw coded_error::system("capget", errno);
  for (__user_cap_data_struct& set : sets) set.inheritable = 0;
  if (syscall(SYS_capset, &header, sets) != 0) throw coded_error::system("capset", errno);
}

// An io_uring made before setuid() goes on acting with root's credentials (CVE-2024-22017), and one that libuv still
// uses would abort the process once io_uring_enter is refused.
void refuse_open_io_uring() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc/self/fd"), closedir);
  if (!folder) throw coded_error::system("cannot list open files in /proc/self/fd", errno);
  while (const dirent* entry = readdir(folder.get())) {
    char target[64];
    const ssize_t length = readlinkat(dirfd(folder.get()), entry->d_name, target, sizeof target);
    if (length > 0 && std::string(target, length) == "anon_inode:[io_uring]") {
      throw coded_error("ERR_SYSTEM", "an io_uring made with privilege is open: start Node with UV_USE_IO_URING=0");
    }
  }
}

// What whoever started us had open and never meant to pass on: a file of root's stays readable whatever our uid. Node
// and the addon open everything with O_CLOEXEC, so what is without it was inherited. The standard streams and 3, the stream from the capture process, stay.
void close_inherited_files() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc/self/fd"), closedir);
  if (!folder) throw coded_error::system("cannot list open files in /proc/self/fd", errno);
  while (const dirent* entry = readdir(folder.get())) {
    const int fd = std::atoi(entry->d_name);
    if (fd <= 3) continue;
    const int flags = fcntl(fd, F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0) close(fd);
  }
}

std::string trim(const std::string& text) {
  const size_t start = text.find_first_not_of(" \t");
  return start == std::string::npos ? "" : text.substr(start, text.find_last_not_of(" \t") - start + 1);
}

// What /proc/self/task/TID/status must say of every thread now.
std::map<std::string, std::string> expected_status(uid_t uid, gid_t gid) {
  const std::string user = std::to_string(uid);
  const std::string group = std::to_string(gid);
  const std::string no_capability(16, '0');
  return {
      {"Uid", user + "\t" + user + "\t" + user + "\t" + user},
      {"Gid", group + "\t" + group + "\t" + group + "\t" + group},
      {"Groups", ""},
      {"CapInh", no_capability},
      {"CapPrm", no_capability},
      {"CapEff", no_capability},
      {"CapAmb", no_capability},
      {"NoNewPrivs", "1"},
      {"Seccomp", "2"},
  };
}

// Throws when a line differs or is missing. A file without any line is a thread that has just ended.
void verify_thread(const std::string& tid, std::map<std::string, std::string> expected) {
  errno = 0;
  std::ifstream status("/proc/self/task/" + tid + "/status");
  if (!status.is_open() && errno != ENOENT) throw coded_error::system("cannot check thread " + tid, errno);
  bool empty = true;
  for (std::string line; std::getline(status, line); empty = false) {
    const size_t colon = line.find(':');
    const auto wanted = expected.find(line.substr(0, colon));
    if (wanted == expected.end()) continue;
    const std::string value = trim(line.substr(colon + 1));
    if (value != wanted->second) {
      throw coded_error("ERR_SYSTEM", "lock-down: thread " + tid + " has " + wanted->first + " " + value);
    }
    expected.erase(wanted);
  }
  if (!empty && !expected.empty()) {
    throw coded_error("ERR_SYSTEM", "lock-down: this kernel does not tell " + expected.begin()->first + " of a thread");
  }
}

// The kernel's own account of every thread, so that one nobody thought of cannot stay privileged unseen.
void verify(uid_t uid, gid_t gid) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc/self/task"), closedir);
  if (!folder) throw coded_error::system("cannot check the threads in /proc/self/task", errno);
  const std::map<std::string, std::string> expected = expected_status(uid, gid);
  while (const dirent* entry = readdir(folder.get())) {
    if (std::atoi(entry->d_name) != 0) verify_thread(entry->d_name, expected);
  }
}

// An id from JS. 0 is the privilege to be given up, and (uid_t)-1 means "leave it" to the kernel.
uint32_t to_unprivileged_id(const Napi::Object& identity, const char* key) {
  const Napi::Value value = identity.Get(key);
  if (!value.IsNumber()) throw Napi::TypeError::New(identity.Env(), std::string(key) + " must be a number");
  const double number = value.As<Napi::Number>().DoubleValue();
  if (!(number >= 1 && number <= 4294967294.0) || number != std::floor(number)) {
    throw Napi::RangeError::New(identity.Env(), std::string(key) + " must be a whole number from 1 to 4294967294");
  }
  return static_cast<uint32_t>(number);
}

// JS thread.
void lock_down_from_js(const Napi::CallbackInfo& info) {
  if (!info[0].IsObject()) throw Napi::TypeError::New(info.Env(), "lockDown needs { uid, gid }");
  const Napi::Object identity = info[0].As<Napi::Object>();
  const uid_t uid = to_unprivileged_id(identity, "uid");
  const gid_t gid = to_unprivileged_id(identity, "gid");
  try {
    lock_down(uid, gid);
  } catch (const coded_error& error) {
    throw to_js_error(info.Env(), error);
  }
}

}  // namespace

void lock_down(uid_t uid, gid_t gid) {
  refuse_open_io_uring();
  close_inherited_files();
  drop_inherited_capabilities();
  // glibc runs these three on every thread (nptl(7)); setuid() as root sets the real, effective and saved id.
  if (setgroups(0, nullptr) != 0) throw coded_error::system("setgroups", errno);
  if (setgid(gid) != 0) throw coded_error::system("setgid", errno);
  if (setuid(uid) != 0) throw coded_error::system("setuid", errno);
  // No core file, and no other process of this user may trace us or read our memory.
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) throw coded_error::system("PR_SET_DUMPABLE", errno);
  install_seccomp_filter();
  verify(uid, gid);
}

void init_lock_down(Napi::Env env, Napi::Object exports) {
  exports.Set("lockDown", Napi::Function::New(env, lock_down_from_js, "lockDown"));
}
