// SPDX-License-Identifier: Apache-2.0
#include "rtnetlink_events.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <system_error>

#include "rtnetlink.h"

namespace {

// 15 ms of events wait here while a look is put together; a container start sends some dozens of about 1.5 KiB.
constexpr int receive_bytes = 4 * 1024 * 1024;

// Lets pass all but routes that are not a default route of the main table: a router may send thousands of those a
// second. A filter reads numbers in network order, netlink writes them in the machine's.
void drop_other_routes(int fd) {
  constexpr __u32 destination_length_at = sizeof(nlmsghdr) + offsetof(rtmsg, rtm_dst_len);
  constexpr __u32 table_at = sizeof(nlmsghdr) + offsetof(rtmsg, rtm_table);
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(nlmsghdr, nlmsg_type)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 4),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, destination_length_at),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, table_at),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RT_TABLE_MAIN, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  const sock_fprog program = {static_cast<unsigned short>(std::size(code)), code};
  setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

// Gives the socket an address of its own: one without is taken for the kernel, and gets no events.
void bind_anywhere(int fd) {
  sockaddr_nl address = {};
  address.nl_family = AF_NETLINK;
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::system_error(errno, std::generic_category(), "rtnetlink bind");
  }
}

void join(int fd, int group) {
  if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0) {
    throw std::system_error(errno, std::generic_category(), "rtnetlink group " + std::to_string(group));
  }
}

// The sender's nsid travels beside the message, and only for namespaces other than home.
std::optional<int> nsid_of(msghdr* message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(message); part != nullptr; part = CMSG_NXTHDR(message, part)) {
    if (part->cmsg_level != SOL_NETLINK || part->cmsg_type != NETLINK_LISTEN_ALL_NSID) continue;
    int nsid;
    std::memcpy(&nsid, CMSG_DATA(part), sizeof nsid);
    return nsid;
  }
  return std::nullopt;
}

rtnetlink_event decode(const nlmsghdr& message, std::optional<int> nsid) {
  rtnetlink_event event;
  event.nsid = nsid;
  switch (message.nlmsg_type) {
    case RTM_NEWNSID:
    case RTM_DELNSID:
      event.kind = message.nlmsg_type == RTM_NEWNSID ? rtnetlink_event::numbered : rtnetlink_event::died;
      event.subject = rtnetlink_attributes(message, sizeof(rtgenmsg)).get<int32_t>(NETNSA_NSID, -1);
      break;
    case RTM_DELLINK:
      // Only a move carries this attribute: linux 4.15, commit 6621dd29eb9b.
      if (rtnetlink_attributes(message, sizeof(ifinfomsg)).find(IFLA_NEW_NETNSID) != nullptr) {
        event.kind = rtnetlink_event::moved;
      }
      break;
    default: break;
  }
  return event;
}

}  // namespace

rtnetlink_events::rtnetlink_events(const warning_handler& warn)
    : fd_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE)) {
  if (!fd_) throw std::system_error(errno, std::generic_category(), "netlink socket");
  // FORCE passes net.core.rmem_max and needs CAP_NET_ADMIN; without it the default must do.
  setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_bytes, sizeof receive_bytes);
  drop_other_routes(fd_.get());
  bind_anywhere(fd_.get());
  const int on = 1;
  // linux 4.2, commit 59324cf35aba; needs CAP_NET_BROADCAST.
  if (setsockopt(fd_.get(), SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &on, sizeof on) != 0) {
    warn(std::string("Changes in other namespaces are seen late: listening to them was refused (") +
         std::strerror(errno) + "), it needs CAP_NET_BROADCAST.");
  }
  for (const int group : {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
                          RTNLGRP_IPV6_ROUTE, RTNLGRP_NSID /* linux 4.2, commit 9a9634545c70 */}) {
    join(fd_.get(), group);
  }
}

bool rtnetlink_events::drain(const std::function<void(const rtnetlink_event&)>& on_event) {
  bool complete = true;
  alignas(nlmsghdr) std::array<char, 32 * 1024> bytes;
  for (;;) {
    alignas(cmsghdr) char control[64];
    iovec part = {bytes.data(), bytes.size()};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t length = recvmsg(fd_.get(), &message, MSG_DONTWAIT);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0 && errno == ENOBUFS) {
      complete = false;
      continue;
    }
    if (length < 0) return complete;
    const std::optional<int> nsid = nsid_of(&message);
    size_t left = length;
    for (auto* next = reinterpret_cast<const nlmsghdr*>(bytes.data()); NLMSG_OK(next, left);
         next = NLMSG_NEXT(next, left)) {
      on_event(decode(*next, nsid));
    }
  }
}
