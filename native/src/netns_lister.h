// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rtnetlink.h"
#include "rtnetlink_parse.h"

/* What only a socket inside a namespace tells. */
struct netns_inside {
  std::string cookie;
  std::vector<route_facts> default_routes;
};

/*
 * Lists namespaces for the inventory's thread, from a *home* namespace.
 *
 * The kernel names a namespace to another one by a number, the nsid, given on first need and valid until the namespace
 * dies. It holds nothing alive. With it links and addresses of any namespace can be dumped, and events of all of them
 * heard, on sockets that stay at home. Numbers given in the host's own namespace would outlive us and make a later
 * `ip netns set` fail, so home is a fresh namespace of the thread's own, which vanishes with it.
 *
 * Makes and keeps nothing on any other thread. Every method belongs to the thread that made it.
 */
class netns_lister {
 public:
  using warning_handler = std::function<void(const std::string&)>;

  /* Moves the calling thread home for good. Throws std::system_error when no socket can be had at all. */
  explicit netns_lister(const warning_handler& warn);

  /* False: only home, the process's own namespace, can be listed. */
  bool reaches_others() const { return reaches_others_; }

  /* The number home knows this namespace by, given now if need be. Empty: refused, or the namespace is dying. */
  std::optional<int> assign_nsid(int namespace_fd);

  /* The number of the namespace that a process is in, if home knows it by one; /proc need not be readable. */
  std::optional<int> nsid_of_process(pid_t pid);

  /* Takes no lock, where listing may wait for hundreds of ms while the kernel takes other namespaces down. */
  bool is_alive(int nsid);

  /* Links in order of ifindex, with their addresses. No nsid = home. Empty: the namespace is gone. */
  std::optional<std::vector<parsed_link>> list(std::optional<int> nsid);

  /* Empty: this thread may not enter. */
  std::optional<netns_inside> look_inside(int namespace_fd);

 private:
  bool move_home(const unique_fd& own);
  bool is_home(int namespace_fd) const;
  std::optional<int> read_nsid(int attribute, int value);

  unique_fd home_;
  bool reaches_others_ = false;
  std::optional<rtnetlink> socket_;
};
