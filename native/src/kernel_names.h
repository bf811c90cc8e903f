// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <future>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

// Names that only the running kernel knows.

// enum skb_drop_reason from the kernel's BTF, without its prefix. Empty when it has none (before 5.17).
std::map<uint32_t, std::string> read_drop_reasons();

// symbol+0xoffset for code addresses, from /proc/kallsyms. Reading that file takes a tenth of a second, so a thread does it.
class kernel_symbols {
 public:
  kernel_symbols();
  // Waits for the file to be read. Empty when the address is in no symbol or kallsyms hides the addresses.
  std::string name(uint64_t address);

 private:
  struct Table {
    std::vector<std::pair<uint64_t, uint32_t>> symbols;  // address, offset into text; sorted
    std::string text;
  };
  static Table read();
  std::future<Table> pending_;
  Table table_;
  bool ready_ = false;
};

// Gives every drop location a small number, so that no kernel address leaves the addon. Index 0 is never given.
class drop_locations {
 public:
  uint32_t index(uint64_t address);
  // Names of `from` and up.
  std::vector<std::string> names(uint32_t from);

 private:
  kernel_symbols symbols_;
  std::unordered_map<uint64_t, uint32_t> indexes_;
  std::vector<uint64_t> addresses_;
  std::vector<std::string> names_;
};
