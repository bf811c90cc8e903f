// SPDX-License-Identifier: Apache-2.0
#include "rtnetlink.h"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace {

// The kernel fills at most 32 KiB of a dump at once; one message is far smaller, as no VF details are asked for.
constexpr size_t read_bytes = 64 * 1024;
// A dump is torn when something changed meanwhile. That change also sends an event, which brings us back; so give in.
constexpr int torn_dump_tries = 5;

}  // namespace

rtnetlink_attributes::rtnetlink_attributes(const rtattr* first, size_t bytes) {
  for (const rtattr* attribute = first; RTA_OK(attribute, bytes); attribute = RTA_NEXT(attribute, bytes)) {
    const size_t type = attribute->rta_type & NLA_TYPE_MASK;
    if (type < found_.size()) found_[type] = attribute;
  }
}

rtnetlink_attributes::rtnetlink_attributes(const rtattr* nest)
    : rtnetlink_attributes(nest == nullptr ? nullptr : static_cast<const rtattr*>(RTA_DATA(nest)),
                           nest == nullptr ? 0 : RTA_PAYLOAD(nest)) {}

rtnetlink_attributes::rtnetlink_attributes(const nlmsghdr& message, size_t header_bytes)
    : rtnetlink_attributes(
          reinterpret_cast<const rtattr*>(static_cast<const char*>(NLMSG_DATA(&message)) + NLMSG_ALIGN(header_bytes)),
          message.nlmsg_len < NLMSG_SPACE(header_bytes) ? 0 : message.nlmsg_len - NLMSG_SPACE(header_bytes)) {}

const rtattr* rtnetlink_attributes::find(int type) const { return found_[type]; }

std::string rtnetlink_attributes::get_text(int type) const {
  const rtattr* attribute = find(type);
  if (attribute == nullptr) return "";
  const auto* text = static_cast<const char*>(RTA_DATA(attribute));
  return std::string(text, strnlen(text, RTA_PAYLOAD(attribute)));
}

rtnetlink_request& rtnetlink_request::add(uint16_t attribute, int32_t value) {
  const size_t offset = NLMSG_ALIGN(bytes_.size());
  bytes_.resize(offset + RTA_SPACE(sizeof value));
  auto* header = reinterpret_cast<rtattr*>(bytes_.data() + offset);
  header->rta_type = attribute;
  header->rta_len = RTA_LENGTH(sizeof value);
  std::memcpy(RTA_DATA(header), &value, sizeof value);
  message()->nlmsg_len = bytes_.size();
  return *this;
}

rtnetlink::rtnetlink() : fd_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {
  if (!fd_) throw std::system_error(errno, std::generic_category(), "netlink socket");
  // Filters inside dump requests, and for addresses IFA_TARGET_NETNSID, need strict checking: linux 4.20, commit
  // 89d35528d17d.
  const int on = 1;
  setsockopt(fd_.get(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
}

rtnetlink_answer rtnetlink::ask(rtnetlink_request request) {
  rtnetlink_answer answer;
  bool torn = true;
  for (int tries = 0; torn && tries < torn_dump_tries; ++tries) answer = ask_once(request, &torn);
  return answer;
}

rtnetlink_answer rtnetlink::ask_once(rtnetlink_request& request, bool* torn) {
  *torn = false;
  rtnetlink_answer answer;
  request.message()->nlmsg_seq = ++sequence_;
  if (send(fd_.get(), request.message(), request.message()->nlmsg_len, 0) < 0) {
    answer.error = errno;
    return answer;
  }
  for (size_t used = 0;;) {
    answer.bytes.resize(used + read_bytes);
    const ssize_t length = recv(fd_.get(), answer.bytes.data() + used, read_bytes, MSG_TRUNC);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0 || static_cast<size_t>(length) > read_bytes) answer.error = length < 0 ? errno : EMSGSIZE;
    if (answer.error != 0) {
      answer.bytes.clear();
      return answer;
    }
    size_t left = length;
    const char* start = answer.bytes.data() + used;
    // The rest of an answer that was given up earlier.
    if (reinterpret_cast<const nlmsghdr*>(start)->nlmsg_seq != sequence_) continue;
    for (auto* message = reinterpret_cast<const nlmsghdr*>(start); NLMSG_OK(message, left);
         message = NLMSG_NEXT(message, left)) {
      if (message->nlmsg_flags & NLM_F_DUMP_INTR) *torn = true;
      if (message->nlmsg_type != NLMSG_DONE && message->nlmsg_type != NLMSG_ERROR) continue;
      // Both carry an int first: 0, or minus errno (DONE: since linux 4.20 for a dump that failed half way).
      if (message->nlmsg_len >= NLMSG_LENGTH(sizeof(int))) {
        int status;
        std::memcpy(&status, NLMSG_DATA(message), sizeof status);
        answer.error = status < 0 ? -status : 0;
      }
      answer.bytes.resize(reinterpret_cast<const char*>(message) - answer.bytes.data());
      return answer;
    }
    used += length;
    // A plain request without NLM_F_ACK has one message for its answer.
    if ((request.message()->nlmsg_flags & (NLM_F_DUMP | NLM_F_ACK)) == 0) {
      answer.bytes.resize(used);
      return answer;
    }
  }
}
