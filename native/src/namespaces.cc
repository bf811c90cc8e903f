// SPDX-License-Identifier: Apache-2.0
#include "namespaces.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>

namespace {

// "net:[4026531840]", the text of a /proc/PID/ns/net link and the root of an nsfs mount. 0 = something else.
uint32_t parse_namespace_text(const std::string& text) {
  constexpr size_t prefix = 5;
  if (text.compare(0, prefix, "net:[") != 0 || text.back() != ']') return 0;
  return std::strtoul(text.c_str() + prefix, nullptr, 10);
}

uint32_t read_namespace_link(int folder, const char* path) {
  char text[64];
  const ssize_t length = readlinkat(folder, path, text, sizeof text);
  return length <= 0 ? 0 : parse_namespace_text(std::string(text, length));
}

// mountinfo writes blanks and backslashes as \ooo (proc(5)).
std::string unescape(const std::string& text) {
  std::string result;
  for (size_t index = 0; index < text.size(); ++index) {
    if (text[index] == '\\' && index + 3 < text.size()) {
      result += static_cast<char>(std::strtoul(text.substr(index + 1, 3).c_str(), nullptr, 8));
      index += 3;
    } else {
      result += text[index];
    }
  }
  return result;
}

}  // namespace

std::map<uint32_t, std::vector<std::string>> list_namespace_mounts() {
  std::map<uint32_t, std::vector<std::string>> mounts;
  std::ifstream table("/proc/self/mountinfo");
  for (std::string line; std::getline(table, line);) {
    // "id parent major:minor ROOT PATH options … - fstype source …". Most lines are others.
    if (line.find(" net:[") == std::string::npos) continue;
    std::istringstream fields(line);
    std::string skipped, root, path;
    fields >> skipped >> skipped >> skipped >> root >> path;
    const uint32_t inum = parse_namespace_text(root);
    path = unescape(path);
    if (inum == 0 || path.compare(0, 6, "/proc/") == 0) continue;
    mounts[inum].push_back(path);
  }
  // `ip netns` mounts twice when /run is shared: once in /run, once in /run/netns itself.
  for (auto& [inum, paths] : mounts) {
    std::sort(paths.begin(), paths.end());
    paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  }
  return mounts;
}

std::map<uint32_t, std::vector<pid_t>> list_process_namespaces(std::vector<pid_t>* denied) {
  std::map<uint32_t, std::vector<pid_t>> processes;
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(opendir("/proc"), closedir);
  if (!proc) return processes;
  while (const dirent* entry = readdir(proc.get())) {
    const pid_t pid = std::atoi(entry->d_name);
    if (pid <= 0) continue;
    const std::string link = std::string(entry->d_name) + "/ns/net";
    errno = 0;
    const uint32_t inum = read_namespace_link(dirfd(proc.get()), link.c_str());
    if (inum != 0) processes[inum].push_back(pid);
    // A process that ended just now gives EACCES as well.
    if (errno == EACCES && faccessat(dirfd(proc.get()), link.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
      denied->push_back(pid);
    }
  }
  for (auto& [inum, pids] : processes) std::sort(pids.begin(), pids.end());
  return processes;
}

std::string process_namespace_path(pid_t pid) { return "/proc/" + std::to_string(pid) + "/ns/net"; }

uint32_t namespace_of_process(pid_t pid) { return read_namespace_link(AT_FDCWD, process_namespace_path(pid).c_str()); }

uint32_t own_namespace() { return read_namespace_link(AT_FDCWD, "/proc/self/ns/net"); }

unique_fd open_namespace(const std::string& path, uint32_t inum) {
  // The path may have become anything since it was listed; opening must neither block nor act.
  unique_fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status;
  struct statfs filesystem;
  if (!fd || fstat(fd.get(), &status) != 0 || status.st_ino != inum) return unique_fd();
  if (fstatfs(fd.get(), &filesystem) != 0 || filesystem.f_type != NSFS_MAGIC) return unique_fd();
  return fd;
}
