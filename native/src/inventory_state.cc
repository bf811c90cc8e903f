// SPDX-License-Identifier: Apache-2.0
#include "inventory_state.h"

#include <algorithm>
#include <iterator>

#include "namespaces.h"

namespace {

constexpr size_t most_pids = 64;  // index.d.ts

// Who is who and joined to whom; not state, addresses or anything else a peer does not show.
auto identity_of(const parsed_link& link) {
  return std::make_tuple(link.facts.ifindex, link.facts.peer_ifindex, link.peer_nsid);
}

}  // namespace

void inventory_state::mark(std::optional<int> nsid) {
  for (auto& [inum, known] : known_) {
    if (nsid ? known.nsid == nsid : inum == own_) known.due = true;
  }
}

void inventory_state::mark_all() {
  discovery_wanted_ = true;
  for (auto& [inum, known] : known_) known.due = true;
}

void inventory_state::forget(int nsid) {
  for (auto entry = known_.begin(); entry != known_.end();) {
    entry = entry->second.nsid == nsid ? known_.erase(entry) : std::next(entry);
  }
  // Its inode number may be another namespace's already.
  discovery_wanted_ = true;
}

void inventory_state::forget_all() {
  known_.clear();
  discovery_wanted_ = true;
}

bool inventory_state::knows(int nsid) const {
  return std::any_of(known_.begin(), known_.end(), [&](const auto& entry) { return entry.second.nsid == nsid; });
}

void inventory_state::check_mounts() {
  if (list_namespace_mounts() != mounts_) discovery_wanted_ = true;
}

void inventory_state::check_process(pid_t pid) {
  const uint32_t inum = namespace_of_process(pid);
  if (inum == 0 || inum == own_ || !lister_.reaches_others()) return;
  const auto entry = known_.find(inum);
  if (entry == known_.end() || entry->second.pids.empty()) discovery_wanted_ = true;
}

void inventory_state::check_ended_process(pid_t pid) {
  if (first_processes_.count(pid) != 0) discovery_wanted_ = true;
}

bool inventory_state::discover_if_due() {
  if (!discovery_wanted_) return false;
  discovery_wanted_ = false;
  own_ = own_namespace();
  mounts_ = list_namespace_mounts();
  std::vector<pid_t> denied;
  std::map<uint32_t, std::vector<pid_t>> processes = list_process_namespaces(&denied);
  processes[own_];  // also when /proc told nothing

  first_processes_.clear();
  for (auto& [inum, known] : known_) {
    known.paths.clear();
    known.pids.clear();
  }
  const auto sight = [&](uint32_t inum, const std::vector<std::string>& paths, const std::vector<pid_t>& pids) {
    known_namespace& known = known_[inum];
    if (!paths.empty()) known.paths = paths;
    if (!pids.empty()) known.pids.assign(pids.begin(), pids.begin() + std::min(pids.size(), most_pids));
  };
  for (const auto& [inum, paths] : mounts_) sight(inum, paths, {});
  for (const auto& [inum, pids] : processes) {
    sight(inum, {}, pids);
    if (inum != own_ && !pids.empty()) first_processes_.insert(pids.front());
  }
  for (auto entry = known_.begin(); entry != known_.end();) {
    entry = number(entry->first, &entry->second) ? std::next(entry) : known_.erase(entry);
  }
  warn_of_unseen(denied);
  return true;
}

// A process with capabilities that this one lacks, such as a container's init, keeps its /proc/PID/ns/net to itself. That matters only
// when nothing else shows the namespace it is in.
void inventory_state::warn_of_unseen(const std::vector<pid_t>& denied) {
  for (const pid_t pid : denied) {
    const std::optional<int> nsid = lister_.nsid_of_process(pid);
    if (nsid && knows(*nsid)) continue;
    warn_("The namespace of process " + std::to_string(pid) + " stays unseen until a packet shows it: reading /proc/" +
          std::to_string(pid) + "/ns/net was refused, it needs CAP_SYS_PTRACE and every capability of that process.");
    return;
  }
}

// Sees to it that a namespace has its number. False: it is gone or out of reach.
bool inventory_state::number(uint32_t inum, known_namespace* found) {
  // With neither path nor process it may still live, held by a socket or a descriptor.
  if (found->nsid) return !found->paths.empty() || !found->pids.empty() || lister_.is_alive(*found->nsid);
  if (const unique_fd fd = open(inum, *found)) found->nsid = lister_.assign_nsid(fd.get());
  return found->nsid.has_value() || (inum == own_ && !lister_.reaches_others());
}

unique_fd inventory_state::open(uint32_t inum, const known_namespace& found) const {
  for (const std::string& path : found.paths) {
    if (unique_fd fd = open_namespace(path, inum)) return fd;
  }
  for (const pid_t pid : found.pids) {
    if (unique_fd fd = open_namespace(process_namespace_path(pid), inum)) return fd;
  }
  return unique_fd();
}

bool inventory_state::list_if_due() {
  if (!list_due()) return false;
  // A link that moved changes what its peer says, but the peer's namespace hears no event. One more round reaches all:
  // a peer's own change points back to a namespace already listed.
  list_due();
  return true;
}

bool inventory_state::list_due() {
  bool any = false;
  for (auto entry = known_.begin(); entry != known_.end();) {
    auto& [inum, known] = *entry;
    if (!known.due) {
      ++entry;
      continue;
    }
    any = true;
    known.due = false;
    std::optional<std::vector<parsed_link>> links = lister_.list(known.nsid);
    mark_peers_of_changes(known.links, links.value_or(std::vector<parsed_link>()));
    if (!links) {
      entry = known_.erase(entry);
      continue;
    }
    known.links = std::move(*links);
    known.listed = true;
    if (const unique_fd fd = open(inum, known)) {
      if (std::optional<netns_inside> inside = lister_.look_inside(fd.get())) known.inside = std::move(*inside);
    }
    ++entry;
  }
  return any;
}

void inventory_state::mark_peers_of_changes(const std::vector<parsed_link>& before,
                                            const std::vector<parsed_link>& after) {
  std::set<decltype(identity_of(before.front()))> identities;
  for (const parsed_link& link : before) identities.insert(identity_of(link));
  for (const parsed_link& link : after) {
    if (identities.erase(identity_of(link)) == 0 && link.peer_nsid >= 0) mark(link.peer_nsid);
  }
  for (const auto& [ifindex, peer_ifindex, peer_nsid] : identities) {
    if (peer_nsid >= 0) mark(peer_nsid);
  }
}

std::vector<namespace_facts> inventory_state::snapshot() const {
  std::map<int, uint32_t> inums;
  for (const auto& [inum, known] : known_) {
    if (known.nsid) inums[*known.nsid] = inum;
  }
  std::vector<namespace_facts> result;
  for (const auto& [inum, known] : known_) {
    if (!known.listed) continue;
    namespace_facts facts;
    facts.inum = inum;
    facts.cookie = known.inside.cookie;
    facts.own = inum == own_;
    facts.paths = known.paths;
    facts.pids.assign(known.pids.begin(), known.pids.end());
    facts.default_routes = known.inside.default_routes;
    for (const parsed_link& link : known.links) {
      facts.links.push_back(link.facts);
      if (link.facts.peer_ifindex == 0) continue;
      const auto peer = inums.find(link.peer_nsid);
      if (peer != inums.end()) facts.links.back().peer_netns_inum = peer->second;
      if (link.peer_nsid == same_namespace) facts.links.back().peer_netns_inum = inum;
    }
    result.push_back(std::move(facts));
  }
  return result;
}
