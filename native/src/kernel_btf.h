// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

// The running kernel's own description of its types, walked once over the raw bytes. libbpf's parser builds an index of 150,000 types
// for it, a tenth of a second; the three questions asked here need none.
class kernel_btf {
 public:
  // Reads /sys/kernel/btf/vmlinux; empty when it cannot be read.
  kernel_btf();

  bool has_tracepoint(const std::string& name) const;
  // Functions that programs may call, among others.
  bool has_function(const std::string& name) const;
  // Names and values of `enum name`; empty when there is none.
  std::map<std::string, uint32_t> enum_values(const std::string& name) const;

 private:
  template <typename Visit>
  void for_each_type(Visit visit) const;
  bool has_type(uint32_t kind, const std::string& name) const;
  const char* string_at(uint32_t offset) const;

  std::vector<uint8_t> bytes_;
};
