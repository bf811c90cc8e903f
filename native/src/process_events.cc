// SPDX-License-Identifier: Apache-2.0
#include "process_events.h"

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace {

constexpr int receive_bytes = 1024 * 1024;

template <typename payload>
bool send_to_connector(int fd, const payload& value) {
  alignas(nlmsghdr) std::array<char, NLMSG_SPACE(sizeof(cn_msg) + sizeof(payload))> bytes = {};
  auto* header = reinterpret_cast<nlmsghdr*>(bytes.data());
  header->nlmsg_len = NLMSG_LENGTH(sizeof(cn_msg) + sizeof value);
  header->nlmsg_type = NLMSG_DONE;
  cn_msg message = {};
  message.id = {CN_IDX_PROC, CN_VAL_PROC};
  message.len = sizeof value;
  std::memcpy(NLMSG_DATA(header), &message, sizeof message);
  std::memcpy(static_cast<char*>(NLMSG_DATA(header)) + sizeof message, &value, sizeof value);
  return send(fd, bytes.data(), header->nlmsg_len, 0) >= 0;
}

// struct proc_input of linux 6.6 (commit 743acf351bae); Debian 12's header does not know it. Older kernels ignore its
// length.
struct filtered_listen {
  uint32_t operation;
  uint32_t event_mask;
};

}  // namespace

process_events::process_events(const warning_handler& warn)
    : fd_(socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR)) {
  if (fd_ && subscribe()) return;
  fd_ = unique_fd();
  warn(
      "A namespace that only a process holds is found with the next change or its first packet: the kernel's process "
      "events need CAP_NET_ADMIN in the machine's first namespaces.");
}

bool process_events::subscribe() {
  setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_bytes, sizeof receive_bytes);
  sockaddr_nl address = {};
  address.nl_family = AF_NETLINK;
  address.nl_groups = CN_IDX_PROC;
  if (bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return false;
  if (!send_to_connector(fd_.get(), static_cast<uint32_t>(PROC_CN_MCAST_LISTEN))) return false;
  // Outside the first pid or user namespace the kernel says nothing at all, so silence is a refusal. Its answer is
  // already there when send() returns.
  char answer[256];
  if (recv(fd_.get(), answer, sizeof answer, MSG_DONTWAIT) < 0) return false;
  constexpr uint32_t wanted = proc_event::PROC_EVENT_FORK | proc_event::PROC_EVENT_EXEC | proc_event::PROC_EVENT_EXIT;
  send_to_connector(fd_.get(), filtered_listen{PROC_CN_MCAST_LISTEN, wanted});
  return true;
}

process_events::~process_events() {
  // Before linux 6.6 the kernel counts listeners and does not notice one that just closes.
  if (fd_) send_to_connector(fd_.get(), static_cast<uint32_t>(PROC_CN_MCAST_IGNORE));
}

bool process_events::drain(const std::function<void(pid_t)>& on_start, const std::function<void(pid_t)>& on_end) {
  alignas(nlmsghdr) char bytes[1024];
  for (bool complete = true;;) {
    const ssize_t length = recv(fd_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0 && errno == ENOBUFS) {
      complete = false;
      continue;
    }
    if (length < 0) return complete;
    if (length < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(cn_msg) + sizeof(proc_event)))) continue;
    proc_event event;
    std::memcpy(&event, static_cast<char*>(NLMSG_DATA(reinterpret_cast<nlmsghdr*>(bytes))) + sizeof(cn_msg),
                sizeof event);
    // Of threads only the first: namespaces are told by it.
    const auto& data = event.event_data;
    if (event.what == proc_event::PROC_EVENT_FORK && data.fork.child_pid == data.fork.child_tgid) {
      on_start(data.fork.child_pid);
    }
    if (event.what == proc_event::PROC_EVENT_EXEC) on_start(data.exec.process_tgid);
    if (event.what == proc_event::PROC_EVENT_EXIT && data.exit.process_pid == data.exit.process_tgid) {
      on_end(data.exit.process_tgid);
    }
  }
}
