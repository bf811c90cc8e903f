// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bpf_programs.h"
#include "kernel_names.h"
#include "mapped_map.h"
#include "ring_reader.h"

struct capture_options {
  size_t ring_bytes = 8 * 1024 * 1024;
  std::vector<uint32_t> netns;
  std::string ifname;
  uint64_t wanted = HOP_WANT_ICMP | HOP_WANT_ICMP6;
  std::vector<uint16_t> ports;
  bool typed = true;    // tp_btf may be used
  bool untyped = true;  // raw_tp may be used
};

struct capture_counters {
  uint64_t seen = 0;
  std::vector<uint64_t> ring_full_per_cpu;
  uint64_t sampled_out = 0;
  uint64_t drained = 0;
  uint64_t identity_full = 0;
  uint64_t device_full = 0;
  uint64_t recursion_misses = 0;
};

struct device_counter {
  uint32_t netns_inum;
  uint32_t ifindex;
  uint32_t stage;
  uint64_t packets;
  uint64_t bytes;
};

// One capture: the attached programs, the ring, the names of drop locations. Used by one thread, knows nothing of JS.
class capture {
 public:
  // Milliseconds of silence after which the kernel wakes the reader (native/index.d.ts).
  static constexpr uint64_t kQuietMs = 20;

  // Throws coded_error.
  explicit capture(const capture_options& options);

  // Fills `to` with whole records whose drop_location is an index; returns bytes.
  size_t drain(uint8_t* to, size_t room);
  capture_counters counters() const;
  // Follow one packet in 2^shift at most.
  void set_sampling_shift(uint32_t shift);
  // The larger of that and what the ring's fill level asks for.
  uint32_t sampling_shift() const;
  std::vector<device_counter> device_counters() const;
  const std::vector<feature>& features() const { return programs_.features(); }
  std::vector<std::string> location_names(uint32_t from) { return locations_.names(from); }
  void detach() { programs_.detach(); }
  // Readable when the kernel woke the reader.
  int poll_fd() const { return programs_.map_fd("ring"); }

 private:
  bpf_programs programs_;
  ring_reader reader_;
  drop_locations locations_;
  size_t ring_bytes_;
  mapped_map totals_;
  uint32_t asked_shift_ = 0;
  mapped_map device_counts_;
  uint64_t drained_ = 0;
};
