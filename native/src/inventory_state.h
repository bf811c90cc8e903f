// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "namespace_facts.h"
#include "netns_lister.h"

/*
 * What the inventory knows, and what of it is due to be looked at again. Marking is cheap; the *_if_due() do the work.
 * Belongs to the inventory's thread.
 */
class inventory_state {
 public:
  using warning_handler = std::function<void(const std::string&)>;

  inventory_state(netns_lister& lister, warning_handler warn) : lister_(lister), warn_(std::move(warn)) {}

  /* List this namespace again; none = home. */
  void mark(std::optional<int> nsid);
  /* Search for namespaces and list all of them again. */
  void mark_all();
  /* Search for namespaces; list new ones, and those that can no longer be found. */
  void want_discovery() { discovery_wanted_ = true; }
  /* The namespace with this number is gone. */
  void forget(int nsid);
  /* Events were lost, so no number can be trusted: start over. */
  void forget_all();

  bool knows(int nsid) const;
  /* Marks what a mount, a process that began, or one that ended may have changed. */
  void check_mounts();
  void check_process(pid_t pid);
  void check_ended_process(pid_t pid);

  /* Searches for namespaces if that is due: finds out who is there and who is gone. False: it was not. */
  bool discover_if_due();
  /* Lists the namespaces that are due. False: none was. The kernel may let it wait. */
  bool list_if_due();
  /* By inode number, without namespaces that have never been listed. */
  std::vector<namespace_facts> snapshot() const;

 private:
  struct known_namespace {
    std::optional<int> nsid;  // none: home, listed without a number
    bool due = true;
    bool listed = false;
    std::vector<std::string> paths;
    std::vector<pid_t> pids;
    std::vector<parsed_link> links;
    netns_inside inside;
  };

  bool number(uint32_t inum, known_namespace* found);
  void warn_of_unseen(const std::vector<pid_t>& denied);
  unique_fd open(uint32_t inum, const known_namespace& found) const;
  bool list_due();
  void mark_peers_of_changes(const std::vector<parsed_link>& before, const std::vector<parsed_link>& after);

  netns_lister& lister_;
  warning_handler warn_;
  bool discovery_wanted_ = true;
  uint32_t own_ = 0;
  std::map<uint32_t, known_namespace> known_;  // by inode number
  std::map<uint32_t, std::vector<std::string>> mounts_;
  std::set<pid_t> first_processes_;  // the lowest pid of each namespace but our own
};
