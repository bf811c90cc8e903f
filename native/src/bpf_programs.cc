// SPDX-License-Identifier: Apache-2.0
#include "bpf_programs.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>

#include "coded_error.h"
#include "hops.skel.h"
#include "hops_paged.skel.h"
#include "hops_raw.skel.h"
#include "kernel_btf.h"
#include "kernel_support.h"

namespace {

const char kWithReason[] = "on_kfree_skb";
const char kWithoutReason[] = "on_kfree_skb_without_reason";

// "tp_btf/netif_rx" → "netif_rx"
std::string tracepoint_of(const bpf_program* program) {
  const char* section = bpf_program__section_name(program);
  const char* slash = strchr(section, '/');
  return slash ? slash + 1 : section;
}

std::string reason_of(int error) { return strerror(error < 0 ? -error : error); }

// All ones when the kernel has no such value.
uint64_t number_of(const std::map<std::string, uint32_t>& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? UINT64_MAX : found->second;
}

}  // namespace

// One of the builds of the programs, see bpf/Makefile.
struct build_variant {
  const void* (*elf_bytes)(size_t* size);
  const char* needed_function;  // of the kernel; null = none
};

bpf_programs::bpf_programs(const program_settings& settings) {
  require_btf();
  require_privilege();
  silence_libbpf();

  const build_variant paged = {hops_paged::elf_bytes, "bpf_dynptr_from_skb"};
  const build_variant typed = {hops::elf_bytes, nullptr};
  const build_variant raw = {hops_raw::elf_bytes, nullptr};
  std::string why_not_paged = "needs tp_btf";
  std::string why_not_typed = "not asked for";
  std::string why_not_raw;
  if (settings.typed) object_ = load(paged, settings, &why_not_paged);
  const bool has_paged = object_ != nullptr;
  if (settings.typed && !object_) object_ = load(typed, settings, &why_not_typed);
  const bool has_typed = object_ != nullptr;
  if (settings.untyped && !object_) object_ = load(raw, settings, &why_not_raw);
  if (!object_) throw why_refused(settings.untyped ? why_not_raw : why_not_typed);

  std::vector<feature> ways = {{"tp_btf", has_typed, has_typed ? "" : why_not_typed, ""}};
  if (!has_typed) ways.push_back({"raw_tp", true, "", ""});
  ways.push_back({"paged-headers", has_paged, "", ""});
  if (!has_paged) {
    ways.back().why = why_not_paged + ": packets with headers in pages (pings of more than 16 KiB over loopback) are not recognised";
    ways.back().mend = "use kernel 6.11 or newer";
  }
  features_.insert(features_.begin(), ways.begin(), ways.end());
  attach();
}

bpf_programs::~bpf_programs() { detach(); }

// Opens, configures and loads one of the builds. Null with `why` when the kernel refuses it. Appends to features_ what was left out.
bpf_programs::object_ptr bpf_programs::load(const build_variant& variant, const program_settings& settings, std::string* why) {
  const kernel_btf kernel;
  if (variant.needed_function && !kernel.has_function(variant.needed_function)) {
    *why = std::string("this kernel has no ") + variant.needed_function;
    return nullptr;
  }
  size_t size;
  const void* elf = variant.elf_bytes(&size);
  LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "hopscope");
  object_ptr object(bpf_object__open_mem(elf, size, &options));
  if (!object) throw coded_error("ERR_SYSTEM", "cannot read the built-in BPF object: " + reason_of(errno));

  // Both came with c504e5c2f964.
  const auto reasons = kernel.enum_values("skb_drop_reason");
  const bool has_reason = !reasons.empty();
  hop_config config = settings.config;
  config.reason_not_specified = number_of(reasons, "SKB_DROP_REASON_NOT_SPECIFIED");
  config.reason_no_socket = number_of(reasons, "SKB_DROP_REASON_NO_SOCKET");
  // Of the change that forbids a program to interrupt itself (6.2, 05b24ff9b2cf).
  config.no_reentry = kernel.has_function("bpf_prog_inc_misses_counter") ? 1 : 0;
  bpf_map* rodata = bpf_object__find_map_by_name(object.get(), ".rodata");
  if (bpf_map__value_size(rodata) != sizeof(config) || bpf_map__set_initial_value(rodata, &config, sizeof(config)) != 0) {
    throw coded_error("ERR_SYSTEM", "the BPF object and the addon are of different builds: run npm run build");
  }
  bpf_map__set_max_entries(bpf_object__find_map_by_name(object.get(), "ring"), static_cast<uint32_t>(settings.ring_bytes));
  bpf_map__set_max_entries(bpf_object__find_map_by_name(object.get(), "device_counts"),
                           static_cast<uint32_t>(libbpf_num_possible_cpus()) * HOP_STAGE_COUNT * HOP_DEVICE_SLOTS);

  std::vector<feature> off;
  bpf_program* program;
  bpf_object__for_each_program(program, object.get()) {
    const std::string name = tracepoint_of(program);
    if (strcmp(bpf_program__name(program), has_reason ? kWithoutReason : kWithReason) == 0) {
      bpf_program__set_autoload(program, false);
    } else if (!kernel.has_tracepoint(name)) {
      bpf_program__set_autoload(program, false);
      off.push_back({name, false, "this kernel has no tracepoint " + name, ""});
    }
  }
  if (!has_reason) off.push_back({"drop-reasons", false, "kernels before 5.17 do not say why a packet was dropped", "use a newer kernel"});

  forget_libbpf_log();
  if (int error = bpf_object__load(object.get())) {
    *why = libbpf_log().empty() ? reason_of(error) : reason_of(error) + " (" + libbpf_log() + ")";
    return nullptr;
  }
  features_.insert(features_.end(), off.begin(), off.end());

  const int netns_filter = bpf_map__fd(bpf_object__find_map_by_name(object.get(), "netns_filter"));
  for (uint32_t inum : settings.netns) {
    const uint8_t one = 1;
    if (bpf_map_update_elem(netns_filter, &inum, &one, BPF_ANY) != 0) {
      throw coded_error("ERR_SYSTEM", "cannot filter by namespace " + std::to_string(inum) + ": " + reason_of(errno));
    }
  }
  return object;
}

void bpf_programs::attach() {
  bpf_program* program;
  bpf_object__for_each_program(program, object_.get()) {
    if (!bpf_program__autoload(program)) continue;
    bpf_link* link = bpf_program__attach(program);
    const std::string name = tracepoint_of(program);
    if (link) {
      links_.push_back(link);
      features_.push_back({name, true, "", ""});
    } else {
      features_.push_back({name, false, "cannot attach: " + reason_of(errno), ""});
    }
  }
  if (links_.empty()) throw coded_error("ERR_KERNEL", "no tracepoint could be attached: " + features_.back().why);
}

void bpf_programs::detach() {
  for (bpf_link* link : links_) bpf_link__destroy(link);
  links_.clear();
}

int bpf_programs::map_fd(const char* name) const { return bpf_map__fd(bpf_object__find_map_by_name(object_.get(), name)); }

size_t bpf_programs::map_value_bytes(const char* name) const {
  return bpf_map__value_size(bpf_object__find_map_by_name(object_.get(), name));
}

uint64_t bpf_programs::recursion_misses() const {
  uint64_t misses = 0;
  bpf_program* program;
  bpf_object__for_each_program(program, object_.get()) {
    if (!bpf_program__autoload(program)) continue;
    bpf_prog_info info = {};
    uint32_t bytes = sizeof(info);
    if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &bytes) == 0) misses += info.recursion_misses;
  }
  return misses;
}
