// SPDX-License-Identifier: Apache-2.0
#include "kernel_btf.h"

#include <linux/btf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

kernel_btf::kernel_btf() {
  int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  struct stat facts;
  if (fstat(fd, &facts) == 0 && facts.st_size > 0) bytes_.resize(static_cast<size_t>(facts.st_size));
  size_t have = 0;
  while (have < bytes_.size()) {
    const ssize_t got = read(fd, bytes_.data() + have, bytes_.size() - have);
    if (got <= 0) break;
    have += static_cast<size_t>(got);
  }
  close(fd);
  const auto* header = reinterpret_cast<const btf_header*>(bytes_.data());
  const bool whole = have == bytes_.size() && have >= sizeof(btf_header) && header->magic == BTF_MAGIC &&
                     uint64_t{header->hdr_len} + header->type_off + header->type_len <= have &&
                     uint64_t{header->hdr_len} + header->str_off + header->str_len <= have && header->str_len > 0 && bytes_.back() == 0;
  if (!whole) bytes_.clear();
}

const char* kernel_btf::string_at(uint32_t offset) const {
  const auto* header = reinterpret_cast<const btf_header*>(bytes_.data());
  if (offset >= header->str_len) return "";
  return reinterpret_cast<const char*>(bytes_.data()) + header->hdr_len + header->str_off + offset;
}

// Calls visit(type) for each type until it answers false, or until a kind that this build does not know.
template <typename Visit>
void kernel_btf::for_each_type(Visit visit) const {
  if (bytes_.empty()) return;
  const auto* header = reinterpret_cast<const btf_header*>(bytes_.data());
  const uint8_t* at = bytes_.data() + header->hdr_len + header->type_off;
  const uint8_t* end = at + header->type_len;
  while (at + sizeof(btf_type) <= end) {
    const auto* type = reinterpret_cast<const btf_type*>(at);
    const uint32_t count = BTF_INFO_VLEN(type->info);
    size_t extra = 0;
    switch (BTF_INFO_KIND(type->info)) {
      case BTF_KIND_INT:
      case BTF_KIND_VAR:
      case BTF_KIND_DECL_TAG: extra = 4; break;
      case BTF_KIND_ARRAY: extra = sizeof(struct btf_array); break;
      case BTF_KIND_STRUCT:
      case BTF_KIND_UNION: extra = count * sizeof(struct btf_member); break;
      case BTF_KIND_ENUM: extra = count * sizeof(struct btf_enum); break;
      case BTF_KIND_ENUM64: extra = count * sizeof(struct btf_enum64); break;
      case BTF_KIND_FUNC_PROTO: extra = count * sizeof(struct btf_param); break;
      case BTF_KIND_DATASEC: extra = count * sizeof(struct btf_var_secinfo); break;
      case BTF_KIND_PTR:
      case BTF_KIND_FWD:
      case BTF_KIND_TYPEDEF:
      case BTF_KIND_VOLATILE:
      case BTF_KIND_CONST:
      case BTF_KIND_RESTRICT:
      case BTF_KIND_FUNC:
      case BTF_KIND_FLOAT:
      case BTF_KIND_TYPE_TAG: break;
      default: return;
    }
    at += sizeof(btf_type) + extra;
    if (at > end || !visit(type)) return;
  }
}

bool kernel_btf::has_type(uint32_t kind, const std::string& name) const {
  bool found = false;
  for_each_type([&](const btf_type* type) {
    found = BTF_INFO_KIND(type->info) == kind && name == string_at(type->name_off);
    return !found;
  });
  return found;
}

bool kernel_btf::has_tracepoint(const std::string& name) const { return has_type(BTF_KIND_TYPEDEF, "btf_trace_" + name); }

bool kernel_btf::has_function(const std::string& name) const { return has_type(BTF_KIND_FUNC, name); }

std::map<std::string, uint32_t> kernel_btf::enum_values(const std::string& name) const {
  std::map<std::string, uint32_t> values;
  for_each_type([&](const btf_type* type) {
    if (BTF_INFO_KIND(type->info) != BTF_KIND_ENUM || name != string_at(type->name_off)) return true;
    const auto* value = reinterpret_cast<const struct btf_enum*>(type + 1);
    for (uint32_t i = 0; i < BTF_INFO_VLEN(type->info); i++) values[string_at(value[i].name_off)] = static_cast<uint32_t>(value[i].val);
    return false;
  });
  return values;
}
