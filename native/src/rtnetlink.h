// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "unique_fd.h"

/* The attributes of one message or of one nest: type → payload. Pointers reach into the message. */
class rtnetlink_attributes {
 public:
  /* `header_bytes`: size of the family header (ifinfomsg, …) behind the netlink header. */
  rtnetlink_attributes(const nlmsghdr& message, size_t header_bytes);
  rtnetlink_attributes(const rtattr* first, size_t bytes);
  /* Empty for nullptr. */
  explicit rtnetlink_attributes(const rtattr* nest);

  const rtattr* find(int type) const;
  /* `fallback` when it is missing or shorter than a number of this type. */
  template <typename number>
  number get(int type, number fallback) const {
    const rtattr* attribute = find(type);
    if (attribute == nullptr || RTA_PAYLOAD(attribute) < sizeof(number)) return fallback;
    number value;
    std::memcpy(&value, RTA_DATA(attribute), sizeof value);
    return value;
  }
  /* Up to the first zero byte. */
  std::string get_text(int type) const;

 private:
  std::array<const rtattr*, 128> found_ = {};  // the largest type in use today is below 70
};

/* One request: a netlink header, a family header and attributes. */
class rtnetlink_request {
 public:
  template <typename family_header>
  rtnetlink_request(uint16_t type, uint16_t flags, const family_header& header) {
    bytes_.resize(NLMSG_LENGTH(sizeof header));
    message()->nlmsg_type = type;
    message()->nlmsg_flags = NLM_F_REQUEST | flags;
    std::memcpy(NLMSG_DATA(message()), &header, sizeof header);
    message()->nlmsg_len = bytes_.size();
  }

  rtnetlink_request& add(uint16_t attribute, int32_t value);
  nlmsghdr* message() { return reinterpret_cast<nlmsghdr*>(bytes_.data()); }

 private:
  std::vector<char> bytes_;
};

/* What came back: 0 or the kernel's errno, and the messages without the closing DONE or ACK. */
struct rtnetlink_answer {
  int error = 0;
  std::vector<char> bytes;

  template <typename visitor>
  void for_each(visitor visit) const {
    size_t left = bytes.size();
    for (auto* message = reinterpret_cast<const nlmsghdr*>(bytes.data()); NLMSG_OK(message, left);
         message = NLMSG_NEXT(message, left)) {
      visit(*message);
    }
  }
};

/*
 * A NETLINK_ROUTE socket for requests. It belongs to the network namespace its thread was in when it was made, and
 * keeps that namespace alive: drop it after the look. One thread at a time.
 */
class rtnetlink {
 public:
  /* Throws std::system_error. */
  rtnetlink();

  /* Sends one request and reads its whole answer. A dump that the kernel found torn by a change is made again. */
  rtnetlink_answer ask(rtnetlink_request request);

  int fd() const { return fd_.get(); }

 private:
  rtnetlink_answer ask_once(rtnetlink_request& request, bool* torn);

  unique_fd fd_;
  uint32_t sequence_ = 0;
};
