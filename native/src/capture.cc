// SPDX-License-Identifier: Apache-2.0
#include "capture.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/random.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "coded_error.h"

namespace {

// The kernel wakes the reader after this silence. Shorter than kQuietMs, after which the reader stops its timer: so a record that comes
// when nobody looks any more always wakes.
constexpr uint64_t kWakeAfterNs = 10'000'000;

// One record in this many, less one, looks how full the ring is: at least once in a sixteenth of it, at most 256 records apart.
uint64_t look_mask(size_t ring_bytes) {
  const size_t records = ring_bytes / 16 / (sizeof(hop_record) + BPF_RINGBUF_HDR_SZ);
  uint64_t every = 1;
  while (every < 256 && every * 2 <= records) every *= 2;
  return every - 1;
}

program_settings settings_from(const capture_options& options) {
  program_settings settings = {};
  settings.ring_bytes = options.ring_bytes;
  settings.netns = options.netns;
  settings.typed = options.typed;
  settings.untyped = options.untyped;
  settings.config.by_netns = options.netns.empty() ? 0 : 1;
  settings.config.wake_after_ns = kWakeAfterNs;
  settings.config.watermark_bytes = options.ring_bytes / 4;
  settings.config.wanted = options.wanted;
  settings.config.port_count = options.ports.size();
  std::copy(options.ports.begin(), options.ports.end(), settings.config.ports);
  settings.config.ring_bytes = options.ring_bytes;
  settings.config.look_mask = look_mask(options.ring_bytes);
  memcpy(settings.config.ifname, options.ifname.data(), std::min(options.ifname.size(), sizeof(settings.config.ifname) - 1));
  if (getrandom(settings.config.id_keys, sizeof(settings.config.id_keys), 0) != sizeof(settings.config.id_keys)) {
    throw coded_error("ERR_SYSTEM", std::string("no random numbers: ") + strerror(errno));
  }
  return settings;
}

size_t device_entries() { return static_cast<size_t>(libbpf_num_possible_cpus()) * HOP_STAGE_COUNT * HOP_DEVICE_SLOTS; }

}  // namespace

capture::capture(const capture_options& options)
    : programs_(settings_from(options)),
      reader_(programs_.map_fd("ring"), options.ring_bytes),
      ring_bytes_(options.ring_bytes),
      totals_(programs_.map_fd(".bss"), sizeof(hop_totals)),
      device_counts_(programs_.map_fd("device_counts"), device_entries() * sizeof(hop_device_count)) {}

size_t capture::drain(uint8_t* to, size_t room) {
  const size_t count = reader_.read(to, room, sizeof(hop_record));
  for (size_t i = 0; i < count; i++) {
    uint8_t* record = to + i * sizeof(hop_record);
    // The caller's buffer need not be aligned.
    uint16_t used;
    memcpy(&used, record + offsetof(hop_record, header_len), sizeof(used));
    if (used < HOP_HEADER_BYTES) memset(record + offsetof(hop_record, headers) + used, 0, HOP_HEADER_BYTES - used);
    if (record[offsetof(hop_record, stage)] != HOP_STAGE_kfree_skb) continue;
    uint64_t location;
    memcpy(&location, record + offsetof(hop_record, drop_location), sizeof(location));
    location = locations_.index(location);
    memcpy(record + offsetof(hop_record, drop_location), &location, sizeof(location));
  }
  drained_ += count;
  return count * sizeof(hop_record);
}

capture_counters capture::counters() const {
  capture_counters sum;
  const int cpus = std::min(libbpf_num_possible_cpus(), HOP_CPU_SLOTS);
  const auto* totals = totals_.as<hop_totals>();
  // Lost ones first: a record that comes in between is then missing on both sides or in neither.
  for (int cpu = 0; cpu < cpus; cpu++) sum.ring_full_per_cpu.push_back(__atomic_load_n(&totals->cpu[cpu].ring_full, __ATOMIC_ACQUIRE));
  for (int cpu = 0; cpu < cpus; cpu++) {
    sum.sampled_out += __atomic_load_n(&totals->cpu[cpu].sampled_out, __ATOMIC_ACQUIRE);
    for (const hop_u64& seen : totals->cpu[cpu].seen) sum.seen += __atomic_load_n(&seen, __ATOMIC_ACQUIRE);
    sum.identity_full += __atomic_load_n(&totals->cpu[cpu].identity_full, __ATOMIC_RELAXED);
    sum.device_full += __atomic_load_n(&totals->cpu[cpu].device_full, __ATOMIC_RELAXED);
  }
  sum.drained = drained_;
  sum.recursion_misses = programs_.recursion_misses();
  return sum;
}

void capture::set_sampling_shift(uint32_t shift) {
  const hop_control control = {.asked_shift = shift};
  const uint32_t zero = 0;
  if (bpf_map_update_elem(programs_.map_fd(".data"), &zero, &control, BPF_ANY) != 0) {
    throw coded_error("ERR_SYSTEM", std::string("cannot set the sampling: ") + strerror(errno));
  }
  asked_shift_ = shift;
}

uint32_t capture::sampling_shift() const {
  const auto* totals = totals_.as<hop_totals>();
  const uint64_t shift = __atomic_load_n(&totals->sampling_shift, __ATOMIC_RELAXED);
  const uint64_t changed_ns = __atomic_load_n(&totals->sampling_changed_ns, __ATOMIC_RELAXED);
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  const uint64_t now = static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
  // As the next packet would find it.
  const uint64_t next = hop_sampling_now(reader_.waiting(), ring_bytes_, shift, now > changed_ns ? now - changed_ns : 0);
  return std::max(static_cast<uint32_t>(std::min(shift, next)), asked_shift_);
}

std::vector<device_counter> capture::device_counters() const {
  std::map<std::pair<uint32_t, uint64_t>, device_counter> sums;
  const auto* counts = device_counts_.as<hop_device_count>();
  for (size_t i = 0; i < device_entries(); i++) {
    const uint64_t device = __atomic_load_n(&counts[i].device, __ATOMIC_RELAXED);
    if (device == 0) continue;
    const uint32_t stage = static_cast<uint32_t>(i / HOP_DEVICE_SLOTS % HOP_STAGE_COUNT);
    device_counter& sum = sums[{stage, device}];
    sum.netns_inum = static_cast<uint32_t>(device >> 32);
    sum.ifindex = static_cast<uint32_t>(device);
    sum.stage = stage;
    sum.packets += __atomic_load_n(&counts[i].packets, __ATOMIC_RELAXED);
    sum.bytes += __atomic_load_n(&counts[i].bytes, __ATOMIC_RELAXED);
  }
  std::vector<device_counter> counters;
  for (const auto& [key, sum] : sums) counters.push_back(sum);
  return counters;
}
