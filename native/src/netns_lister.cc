// SPDX-License-Identifier: Apache-2.0
#include "netns_lister.h"

#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

namespace {

// SO_NETNS_COOKIE: linux 5.14, commit e8b9eab99232.
std::string read_cookie(int socket) {
  uint64_t cookie = 0;
  socklen_t length = sizeof cookie;
  if (getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length) != 0) return "";
  return std::to_string(cookie);
}

void read_default_routes(rtnetlink& inside, int family, std::vector<route_facts>* routes) {
  rtmsg body = {};
  body.rtm_family = family;
  rtnetlink_request request(RTM_GETROUTE, NLM_F_DUMP, body);
  request.add(RTA_TABLE, RT_TABLE_MAIN);
  inside.ask(std::move(request)).for_each([&](const nlmsghdr& message) {
    parse_default_route(message, family, routes);
  });
}

void read_addresses(rtnetlink& socket, std::optional<int> nsid, int family, std::vector<parsed_link>* links) {
  ifaddrmsg body = {};
  body.ifa_family = family;
  rtnetlink_request request(RTM_GETADDR, NLM_F_DUMP, body);
  if (nsid) request.add(IFA_TARGET_NETNSID, *nsid);  // linux 4.20, commits d38071459ba5, 6ecf4c37eb3e
  socket.ask(std::move(request)).for_each([&](const nlmsghdr& message) {
    parsed_address address;
    if (!parse_address(message, family, &address)) return;
    const auto link =
        std::lower_bound(links->begin(), links->end(), address.ifindex,
                         [](const parsed_link& left, uint32_t ifindex) { return left.facts.ifindex < ifindex; });
    if (link != links->end() && link->facts.ifindex == address.ifindex) link->facts.addresses.push_back(address.facts);
  });
}

unique_fd open_thread_namespace() {
  unique_fd fd(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!fd) throw std::system_error(errno, std::generic_category(), "/proc/thread-self/ns/net");
  return fd;
}

}  // namespace

netns_lister::netns_lister(const warning_handler& warn) {
  unique_fd own = open_thread_namespace();
  if (!move_home(own)) {
    home_ = std::move(own);
    socket_.emplace();
    reaches_others_ = assign_nsid(home_.get()).has_value();
    if (setns(home_.get(), CLONE_NEWNET) != 0) {
      warn("Default routes and cookies of other namespaces stay unknown: entering them needs CAP_SYS_ADMIN.");
    }
  }
  if (!reaches_others_) warn("Only this process's own namespace is seen: listing others needs CAP_NET_ADMIN.");
  if (read_cookie(socket_->fd()).empty()) {
    warn("A namespace cannot be told from a later one with the same number: cookies need linux 5.14.");
  }
}

// False: the thread is where it was. Where it may not give numbers, a private home would be useless.
bool netns_lister::move_home(const unique_fd& own) {
  if (unshare(CLONE_NEWNET) != 0) return false;
  home_ = open_thread_namespace();
  socket_.emplace();
  reaches_others_ = assign_nsid(own.get()).has_value();
  if (reaches_others_) return true;
  socket_.reset();
  if (setns(own.get(), CLONE_NEWNET) != 0) throw std::system_error(errno, std::generic_category(), "setns back home");
  return false;
}

std::optional<int> netns_lister::read_nsid(int attribute, int value) {
  const rtgenmsg body = {AF_UNSPEC};
  rtnetlink_request request(RTM_GETNSID, 0, body);
  int nsid = NETNSA_NSID_NOT_ASSIGNED;
  socket_->ask(request.add(attribute, value)).for_each([&](const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWNSID) return;
    nsid = rtnetlink_attributes(message, sizeof body).get<int32_t>(NETNSA_NSID, NETNSA_NSID_NOT_ASSIGNED);
  });
  return nsid == NETNSA_NSID_NOT_ASSIGNED ? std::nullopt : std::optional<int>(nsid);
}

std::optional<int> netns_lister::assign_nsid(int namespace_fd) {
  // linux 4.0, commit 0c7aecd4bde4. The kernel may have given a number already, for the peer of a veth.
  if (const std::optional<int> known = read_nsid(NETNSA_FD, namespace_fd)) return known;
  rtnetlink_request request(RTM_NEWNSID, NLM_F_ACK, rtgenmsg{AF_UNSPEC});
  socket_->ask(request.add(NETNSA_FD, namespace_fd).add(NETNSA_NSID, NETNSA_NSID_NOT_ASSIGNED));
  return read_nsid(NETNSA_FD, namespace_fd);
}

std::optional<int> netns_lister::nsid_of_process(pid_t pid) { return read_nsid(NETNSA_PID, pid); }

bool netns_lister::is_alive(int nsid) {
  // Asking by number: linux 4.20, commit 4905294162bd.
  rtnetlink_request request(RTM_GETNSID, 0, rtgenmsg{AF_UNSPEC});
  return socket_->ask(request.add(NETNSA_NSID, nsid)).error != ENOENT;
}

std::optional<std::vector<parsed_link>> netns_lister::list(std::optional<int> nsid) {
  const ifinfomsg body = {};
  rtnetlink_request request(RTM_GETLINK, NLM_F_DUMP, body);
  request.add(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  if (nsid) request.add(IFLA_TARGET_NETNSID, *nsid);  // linux 4.15, commit 79e1ad148c84
  const rtnetlink_answer answer = socket_->ask(std::move(request));
  if (answer.error != 0) return std::nullopt;

  std::vector<parsed_link> links;
  answer.for_each([&](const nlmsghdr& message) {
    parsed_link link;
    if (parse_link(message, &link)) links.push_back(std::move(link));
  });
  // Newer kernels dump in this order already; older ones by hash.
  std::sort(links.begin(), links.end(),
            [](const parsed_link& left, const parsed_link& right) { return left.facts.ifindex < right.facts.ifindex; });
  read_addresses(*socket_, nsid, AF_INET, &links);
  read_addresses(*socket_, nsid, AF_INET6, &links);
  return links;
}

bool netns_lister::is_home(int namespace_fd) const {
  struct stat home, other;
  return fstat(home_.get(), &home) == 0 && fstat(namespace_fd, &other) == 0 && home.st_ino == other.st_ino;
}

std::optional<netns_inside> netns_lister::look_inside(int namespace_fd) {
  if (!is_home(namespace_fd) && setns(namespace_fd, CLONE_NEWNET) != 0) return std::nullopt;
  // A socket stays in the namespace it was made in, so the thread goes home before it talks.
  std::optional<rtnetlink> inside;
  try {
    inside.emplace();
  } catch (const std::system_error&) {
    // Out of descriptors: as if this thread might not enter.
  }
  if (!is_home(namespace_fd) && setns(home_.get(), CLONE_NEWNET) != 0) {
    throw std::system_error(errno, std::generic_category(), "setns back home");
  }
  if (!inside) return std::nullopt;

  netns_inside facts;
  facts.cookie = read_cookie(inside->fd());
  read_default_routes(*inside, AF_INET, &facts.default_routes);
  read_default_routes(*inside, AF_INET6, &facts.default_routes);
  return facts;
}
