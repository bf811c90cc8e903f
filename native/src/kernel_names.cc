// SPDX-License-Identifier: Apache-2.0
#include "kernel_names.h"

#include <bpf/btf.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>

std::map<uint32_t, std::string> read_drop_reasons() {
  std::map<uint32_t, std::string> names;
  std::unique_ptr<btf, decltype(&btf__free)> kernel(btf__load_vmlinux_btf(), btf__free);
  if (!kernel) return names;
  int id = btf__find_by_name_kind(kernel.get(), "skb_drop_reason", BTF_KIND_ENUM);
  if (id < 0) return names;
  const btf_type* type = btf__type_by_id(kernel.get(), static_cast<uint32_t>(id));
  const struct btf_enum* values = btf_enum(type);
  static const char prefix[] = "SKB_DROP_REASON_";
  for (int i = 0; i < btf_vlen(type); i++) {
    const char* name = btf__name_by_offset(kernel.get(), values[i].name_off);
    // The ends of subsystem ranges and the like do not carry the prefix.
    if (name && strncmp(name, prefix, sizeof(prefix) - 1) == 0) {
      names[static_cast<uint32_t>(values[i].val)] = name + sizeof(prefix) - 1;
    }
  }
  return names;
}

kernel_symbols::kernel_symbols() : pending_(std::async(std::launch::async, read)) {}

kernel_symbols::Table kernel_symbols::read() {
  Table table;
  std::unique_ptr<FILE, decltype(&fclose)> file(fopen("/proc/kallsyms", "re"), fclose);
  if (!file) return table;
  char line[1024];
  while (fgets(line, sizeof(line), file.get())) {
    unsigned long long address;
    char kind;
    char name[512];
    if (sscanf(line, "%llx %c %511s", &address, &kind, name) != 3) continue;
    if (address == 0 || strchr("tTwW", kind) == nullptr) continue;  // code only; 0 = hidden by kptr_restrict
    table.symbols.emplace_back(address, static_cast<uint32_t>(table.text.size()));
    table.text.append(name).push_back('\0');
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
