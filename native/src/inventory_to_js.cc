// SPDX-License-Identifier: Apache-2.0
// The only file that makes JS values of the inventory's findings.
#include "inventory_to_js.h"

#include <string>

namespace {

Napi::Value value_of(Napi::Env env, uint32_t number) { return Napi::Number::New(env, number); }
Napi::Value value_of(Napi::Env env, int number) { return Napi::Number::New(env, number); }
Napi::Value value_of(Napi::Env env, bool truth) { return Napi::Boolean::New(env, truth); }
// A name may hold any bytes but '/' and blanks; V8 puts U+FFFD for what is not UTF-8.
Napi::Value value_of(Napi::Env env, const std::string& text) { return Napi::String::New(env, text); }
Napi::Value value_of(Napi::Env env, const address_facts& address);
Napi::Value value_of(Napi::Env env, const link_facts& link);
Napi::Value value_of(Napi::Env env, const route_facts& route);
Napi::Value value_of(Napi::Env env, const namespace_facts& facts);

template <typename item>
Napi::Array value_of(Napi::Env env, const std::vector<item>& items) {
  Napi::Array array = Napi::Array::New(env, items.size());
  for (uint32_t index = 0; index < items.size(); ++index) {
    // Each item's handles are dropped at once: a thousand links would else hold tens of thousands.
    const Napi::HandleScope scope(env);
    array[index] = value_of(env, items[index]);
  }
  return array;
}

Napi::Value value_of(Napi::Env env, const address_facts& address) {
  Napi::Object object = Napi::Object::New(env);
  object["family"] = value_of(env, address.family);
  object["address"] = value_of(env, address.address);
  object["prefix"] = value_of(env, address.prefix);
  object["scope"] = value_of(env, address.scope);
  return object;
}

Napi::Value value_of(Napi::Env env, const link_facts& link) {
  Napi::Object object = Napi::Object::New(env);
  object["ifindex"] = value_of(env, link.ifindex);
  object["name"] = value_of(env, link.name);
  object["kind"] = value_of(env, link.kind);
  object["type"] = value_of(env, link.type);
  object["mac"] = value_of(env, link.mac);
  object["mtu"] = value_of(env, link.mtu);
  object["up"] = value_of(env, link.up);
  object["operstate"] = value_of(env, link.operstate);
  object["master"] = value_of(env, link.master);
  object["portState"] = value_of(env, link.port_state);
  object["peerIfindex"] = value_of(env, link.peer_ifindex);
  object["peerNetnsInum"] = value_of(env, link.peer_netns_inum);
  object["addresses"] = value_of(env, link.addresses);
  object["vlanId"] = value_of(env, link.vlan_id);
  object["vxlanId"] = value_of(env, link.vxlan_id);
  object["vxlanRemote"] = value_of(env, link.vxlan_remote);
  return object;
}

Napi::Value value_of(Napi::Env env, const route_facts& route) {
  Napi::Object object = Napi::Object::New(env);
  object["family"] = value_of(env, route.family);
  object["gateway"] = value_of(env, route.gateway);
  object["ifindex"] = value_of(env, route.ifindex);
  object["metric"] = value_of(env, route.metric);
  return object;
}

Napi::Value value_of(Napi::Env env, const namespace_facts& facts) {
  Napi::Object object = Napi::Object::New(env);
  object["inum"] = value_of(env, facts.inum);
  object["cookie"] = value_of(env, facts.cookie);
  object["own"] = value_of(env, facts.own);
  object["paths"] = value_of(env, facts.paths);
  object["pids"] = value_of(env, facts.pids);
  object["links"] = value_of(env, facts.links);
  object["defaultRoutes"] = value_of(env, facts.default_routes);
  return object;
}

}  // namespace

Napi::Array to_js(Napi::Env env, const std::vector<namespace_facts>& namespaces) { return value_of(env, namespaces); }
