// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

/* The inventory's findings, as index.d.ts describes them. Plain data: no Napi types, no kernel handles. */

struct address_facts {
  int family = 0;  // 4 or 6
  std::string address;
  uint32_t prefix = 0;
  std::string scope;

  auto tie() const { return std::tie(family, address, prefix, scope); }
};

struct link_facts {
  uint32_t ifindex = 0;
  std::string name;
  std::string kind;
  uint32_t type = 0;
  std::string mac;
  uint32_t mtu = 0;
  bool up = false;
  std::string operstate;
  uint32_t master = 0;
  std::string port_state;
  uint32_t peer_ifindex = 0;
  uint32_t peer_netns_inum = 0;
  std::vector<address_facts> addresses;
  uint32_t vlan_id = 0;
  uint32_t vxlan_id = 0;
  std::string vxlan_remote;

  auto tie() const {
    return std::tie(ifindex, name, kind, type, mac, mtu, up, operstate, master, port_state, peer_ifindex,
                    peer_netns_inum, addresses, vlan_id, vxlan_id, vxlan_remote);
  }
};

struct route_facts {
  int family = 0;  // 4 or 6
  std::string gateway;
  uint32_t ifindex = 0;
  uint32_t metric = 0;

  auto tie() const { return std::tie(family, gateway, ifindex, metric); }
};

struct namespace_facts {
  uint32_t inum = 0;
  std::string cookie;
  bool own = false;
  std::vector<std::string> paths;
  std::vector<int> pids;
  std::vector<link_facts> links;
  std::vector<route_facts> default_routes;

  auto tie() const { return std::tie(inum, cookie, own, paths, pids, links, default_routes); }
};

template <typename facts>
auto operator==(const facts& left, const facts& right) -> decltype(left.tie() == right.tie()) {
  return left.tie() == right.tie();
}
