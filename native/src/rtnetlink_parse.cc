// SPDX-License-Identifier: Apache-2.0
#include "rtnetlink_parse.h"

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>

#include <cstdio>
#include <string>

#include "rtnetlink.h"

namespace {

// Text as iproute2 prints it, in lower case (RFC 2863; linux/if.h IF_OPER_*).
std::string operstate_text(uint8_t state) {
  static const char* const names[] = {"unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"};
  return state < std::size(names) ? names[state] : std::to_string(state);
}

std::string port_state_text(uint8_t state) {
  static const char* const names[] = {"disabled", "listening", "learning", "forwarding", "blocking"};
  return state < std::size(names) ? names[state] : std::to_string(state);
}

std::string scope_text(uint8_t scope) {
  switch (scope) {
    case RT_SCOPE_UNIVERSE: return "global";
    case RT_SCOPE_SITE: return "site";
    case RT_SCOPE_LINK: return "link";
    case RT_SCOPE_HOST: return "host";
    default: return std::to_string(scope);
  }
}

// A tunnel's hardware address is its local IP address, which is no MAC.
bool has_mac(uint16_t type) {
  switch (type) {
    case ARPHRD_TUNNEL:
    case ARPHRD_TUNNEL6:
    case ARPHRD_SIT:
    case ARPHRD_IPGRE:
    case ARPHRD_IP6GRE: return false;
    default: return true;
  }
}

std::string mac_text(const rtattr* attribute) {
  std::string text;
  if (attribute == nullptr) return text;
  const auto* bytes = static_cast<const unsigned char*>(RTA_DATA(attribute));
  for (size_t index = 0; index < RTA_PAYLOAD(attribute); ++index) {
    char part[4];
    std::snprintf(part, sizeof part, index == 0 ? "%02x" : ":%02x", bytes[index]);
    text += part;
  }
  return text;
}

// An address in network order: 4 bytes are IPv4, 16 are IPv6, anything else is no address.
std::string ip_text(const void* bytes, size_t length) {
  char text[INET6_ADDRSTRLEN] = "";
  if (length == 4) inet_ntop(AF_INET, bytes, text, sizeof text);
  if (length == 16) inet_ntop(AF_INET6, bytes, text, sizeof text);
  return text;
}

std::string ip_text(const rtattr* attribute) {
  return attribute == nullptr ? "" : ip_text(RTA_DATA(attribute), RTA_PAYLOAD(attribute));
}

// IFLA_LINKINFO: what kind of device this is, and what kind of port.
void read_link_info(const rtattr* nest, link_facts* link) {
  const rtnetlink_attributes info(nest);
  link->kind = info.get_text(IFLA_INFO_KIND);
  const rtnetlink_attributes data(info.find(IFLA_INFO_DATA));
  if (link->kind == "vlan") link->vlan_id = data.get<uint16_t>(IFLA_VLAN_ID, 0);
  if (link->kind == "vxlan") {
    link->vxlan_id = data.get<uint32_t>(IFLA_VXLAN_ID, 0);
    link->vxlan_remote = ip_text(data.find(IFLA_VXLAN_GROUP));
    if (link->vxlan_remote.empty()) link->vxlan_remote = ip_text(data.find(IFLA_VXLAN_GROUP6));
  }
  if (info.get_text(IFLA_INFO_SLAVE_KIND) == "bridge") {
    const rtnetlink_attributes port(info.find(IFLA_INFO_SLAVE_DATA));
    link->port_state = port_state_text(port.get<uint8_t>(IFLA_BRPORT_STATE, BR_STATE_DISABLED));
  }
}

// RTA_VIA: an IPv6 gateway of an IPv4 route (linux 5.2), a family and the address.
std::string gateway_text(const rtnetlink_attributes& hop) {
  const rtattr* via = hop.find(RTA_VIA);
  if (via == nullptr || RTA_PAYLOAD(via) <= sizeof(rtvia)) return ip_text(hop.find(RTA_GATEWAY));
  return ip_text(static_cast<const rtvia*>(RTA_DATA(via))->rtvia_addr, RTA_PAYLOAD(via) - sizeof(rtvia));
}

template <typename header>
const header* body_of(const nlmsghdr& message) {
  if (message.nlmsg_len < NLMSG_LENGTH(sizeof(header))) return nullptr;
  return static_cast<const header*>(NLMSG_DATA(&message));
}

}  // namespace

bool parse_link(const nlmsghdr& message, parsed_link* link) {
  const auto* body = body_of<ifinfomsg>(message);
  if (message.nlmsg_type != RTM_NEWLINK || body == nullptr) return false;
  const rtnetlink_attributes attributes(message, sizeof *body);

  link_facts& facts = link->facts;
  facts.ifindex = body->ifi_index;
  facts.name = attributes.get_text(IFLA_IFNAME);
  facts.type = body->ifi_type;
  if (has_mac(body->ifi_type)) facts.mac = mac_text(attributes.find(IFLA_ADDRESS));
  facts.mtu = attributes.get<uint32_t>(IFLA_MTU, 0);
  facts.up = (body->ifi_flags & IFF_UP) != 0;
  facts.operstate = operstate_text(attributes.get<uint8_t>(IFLA_OPERSTATE, 0));
  facts.master = attributes.get<uint32_t>(IFLA_MASTER, 0);
  read_link_info(attributes.find(IFLA_LINKINFO), &facts);
  if (facts.kind.empty()) facts.kind = body->ifi_type == ARPHRD_LOOPBACK ? "loopback" : "physical";

  facts.peer_ifindex = attributes.get<uint32_t>(IFLA_LINK, 0);
  link->peer_nsid = same_namespace;
  if (attributes.find(IFLA_LINK_NETNSID) != nullptr) {
    link->peer_nsid = attributes.get<int32_t>(IFLA_LINK_NETNSID, unknown_namespace);
  }
  return true;
}

bool parse_address(const nlmsghdr& message, int family, parsed_address* address) {
  const auto* body = body_of<ifaddrmsg>(message);
  // A kernel without IPv6 answers an IPv6 dump with everything it has.
  if (message.nlmsg_type != RTM_NEWADDR || body == nullptr || body->ifa_family != family) return false;
  const rtnetlink_attributes attributes(message, sizeof *body);
  // On a point-to-point link IFA_ADDRESS is the far end.
  const rtattr* local = attributes.find(IFA_LOCAL);
  address->ifindex = body->ifa_index;
  address->facts.family = family == AF_INET ? 4 : 6;
  address->facts.address = ip_text(local != nullptr ? local : attributes.find(IFA_ADDRESS));
  address->facts.prefix = body->ifa_prefixlen;
  address->facts.scope = scope_text(body->ifa_scope);
  return true;
}

bool parse_default_route(const nlmsghdr& message, int family, std::vector<route_facts>* routes) {
  const auto* body = body_of<rtmsg>(message);
  if (message.nlmsg_type != RTM_NEWROUTE || body == nullptr || body->rtm_family != family) return false;
  if (body->rtm_dst_len != 0 || body->rtm_table != RT_TABLE_MAIN || body->rtm_type != RTN_UNICAST) return false;
  if ((body->rtm_flags & RTM_F_CLONED) != 0) return false;
  const rtnetlink_attributes attributes(message, sizeof *body);

  route_facts route;
  route.family = family == AF_INET ? 4 : 6;
  route.metric = attributes.get<uint32_t>(RTA_PRIORITY, 0);
  const rtattr* multipath = attributes.find(RTA_MULTIPATH);
  if (multipath == nullptr) {
    route.gateway = gateway_text(attributes);
    route.ifindex = attributes.get<uint32_t>(RTA_OIF, 0);
    routes->push_back(route);
    return true;
  }
  size_t left = RTA_PAYLOAD(multipath);
  for (auto* hop = static_cast<const rtnexthop*>(RTA_DATA(multipath));
       left >= sizeof *hop && RTNH_OK(hop, (int)left);) {
    route.gateway = gateway_text(rtnetlink_attributes(RTNH_DATA(hop), hop->rtnh_len - RTNH_LENGTH(0)));
    route.ifindex = hop->rtnh_ifindex;
    routes->push_back(route);
    const size_t step = RTNH_ALIGN(hop->rtnh_len);
    if (step > left) break;
    left -= step;
    hop = RTNH_NEXT(hop);
  }
  return true;
}
