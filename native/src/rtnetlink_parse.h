// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/rtnetlink.h>

#include <cstdint>
#include <vector>

#include "namespace_facts.h"

/* A link without its addresses, and where its IFLA_LINK is: an id in the asking socket's namespace, or one of these. */
constexpr int same_namespace = -2;
constexpr int unknown_namespace = -1;

struct parsed_link {
  link_facts facts;
  int peer_nsid = same_namespace;
};

struct parsed_address {
  uint32_t ifindex = 0;
  address_facts facts;
};

/* Each returns false when the message is of another kind. Messages come from the kernel, but lengths are checked all
 * the same. */
bool parse_link(const nlmsghdr& message, parsed_link* link);
bool parse_address(const nlmsghdr& message, int family, parsed_address* address);
/* Adds one entry per next hop of a default route. */
bool parse_default_route(const nlmsghdr& message, int family, std::vector<route_facts>* routes);
