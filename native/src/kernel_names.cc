// SPDX-License-Identifier: Apache-2.0
#include "kernel_names.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <cstdlib>
#include <fstream>

#include "kernel_btf.h"

namespace {

// Bytes. The longest of a kernel are some ten thousand.
constexpr uint64_t kLongestFunction = 1 << 20;

}  // namespace

std::map<uint32_t, std::string> read_drop_reasons() {
  static const std::string prefix = "SKB_DROP_REASON_";
  std::map<uint32_t, std::string> names;
  for (const auto& [name, value] : kernel_btf().enum_values("skb_drop_reason")) {
    // The ends of subsystem ranges and the like do not carry the prefix, and MAX only ends the list.
    if (name.rfind(prefix, 0) == 0 && name != prefix + "MAX") names[value] = name.substr(prefix.size());
  }
  return names;
}

kernel_symbols::kernel_symbols() : pending_(std::async(std::launch::async, read)) {}

// Lines are "address kind name" and, for modules, a tab and the module.
kernel_symbols::Table kernel_symbols::read() {
  Table table;
  std::ifstream file("/proc/kallsyms");
  std::string line;
  while (std::getline(file, line)) {
    char* rest;
    const uint64_t address = strtoull(line.c_str(), &rest, 16);
    // Code only; 0 = hidden by kptr_restrict.
    if (address == 0 || strlen(rest) < 4 || strchr("tTwW", rest[1]) == nullptr) continue;
    rest += 3;
    table.symbols.emplace_back(address, static_cast<uint32_t>(table.text.size()));
    table.text.append(rest, strcspn(rest, "\t")).push_back('\0');
  }
  std::sort(table.symbols.begin(), table.symbols.end());
  return table;
}

std::string kernel_symbols::name(uint64_t address) {
  if (!ready_) {
    table_ = pending_.get();
    ready_ = true;
  }
  auto next = std::upper_bound(table_.symbols.begin(), table_.symbols.end(), std::make_pair(address, UINT32_MAX));
  if (next == table_.symbols.begin()) return "";
  const auto& symbol = *(next - 1);
  // In a module or BPF program that came after the table was read: the symbol before it would be a wrong name, and the
  // distance would tell an address.
  if (address - symbol.first >= kLongestFunction) return "";
  char offset[32];
  snprintf(offset, sizeof(offset), "+0x%llx", static_cast<unsigned long long>(address - symbol.first));
  return std::string(table_.text.c_str() + symbol.second) + offset;
}

uint32_t drop_locations::index(uint64_t address) {
  if (address == 0) return 0;
  auto [entry, fresh] = indexes_.try_emplace(address, static_cast<uint32_t>(addresses_.size() + 1));
  if (fresh) addresses_.push_back(address);
  return entry->second;
}

std::vector<std::string> drop_locations::names(uint32_t from) {
  while (names_.size() < addresses_.size()) names_.push_back(symbols_.name(addresses_[names_.size()]));
  if (from == 0) from = 1;
  if (from > names_.size()) return {};
  return {names_.begin() + (from - 1), names_.end()};
}
