// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <bpf/libbpf.h>

#include <memory>
#include <string>
#include <vector>

#include "hop_shared.h"

// How a kernel feature or program stands; native/index.d.ts `Feature`.
struct feature {
  std::string name;
  bool on;
  std::string why;
  std::string mend;
};

struct program_settings {
  hop_config config;
  size_t ring_bytes;
  std::vector<uint32_t> netns;
  bool typed;    // try tp_btf
  bool untyped;  // try raw_tp, when tp_btf is refused or not wanted
};

struct build_variant;

// The BPF object: loaded and attached by the constructor, detached and freed by the destructor. Nothing is pinned, so the kernel
// removes everything when the process dies, however it dies.
class bpf_programs {
 public:
  // Throws coded_error naming the true cause. A program whose tracepoint is missing is left out and listed in features().
  explicit bpf_programs(const program_settings& settings);
  ~bpf_programs();
  bpf_programs(const bpf_programs&) = delete;
  bpf_programs& operator=(const bpf_programs&) = delete;

  // Idempotent. The maps stay.
  void detach();
  const std::vector<feature>& features() const { return features_; }
  int map_fd(const char* name) const;
  size_t map_value_bytes(const char* name) const;
  // Programs skipped by the kernel because they would have re-entered themselves.
  uint64_t recursion_misses() const;

 private:
  struct close_object {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
  };
  using object_ptr = std::unique_ptr<bpf_object, close_object>;
  object_ptr load(const build_variant& variant, const program_settings& settings, std::string* why);
  void attach();

  std::vector<feature> features_;
  object_ptr object_;
  std::vector<bpf_link*> links_;
};
