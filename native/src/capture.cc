// SPDX-License-Identifier: Apache-2.0
#include "capture.h"

#include <bpf/bpf.h>
#include <sys/mman.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "coded_error.h"

namespace {

// The kernel wakes the reader after this silence. Shorter than kQuietMs, after which the reader stops its timer: so a record that comes
// when nobody looks any more always wakes.
constexpr uint64_t kWakeAfterNs = 10'000'000;

program_settings settings_from(const capture_options& options) {
  program_settings settings = {};
  settings.ring_bytes = options.ring_bytes;
  settings.netns = options.netns;
  settings.typed = options.typed;
  settings.untyped = options.untyped;
  settings.config.by_netns = options.netns.empty() ? 0 : 1;
  settings.config.wake_after_ns = kWakeAfterNs;
  settings.config.watermark_bytes = options.ring_bytes / 4;
  memcpy(settings.config.ifname, options.ifname.data(), std::min(options.ifname.size(), sizeof(settings.config.ifname) - 1));
  if (getrandom(settings.config.id_keys, sizeof(settings.config.id_keys), 0) != sizeof(settings.config.id_keys)) {
    throw coded_error("ERR_SYSTEM", std::string("no random numbers: ") + strerror(errno));
  }
  return settings;
}

size_t whole_pages(size_t bytes) { return (bytes + 4095) & ~size_t{4095}; }

}  // namespace

capture::capture(const capture_options& options)
    : programs_(settings_from(options)), reader_(programs_.map_fd("ring"), options.ring_bytes) {
  totals_bytes_ = whole_pages(programs_.map_value_bytes(".bss"));
  void* memory = programs_.map_value_bytes(".bss") == sizeof(hop_totals)
                     ? mmap(nullptr, totals_bytes_, PROT_READ, MAP_SHARED, programs_.map_fd(".bss"), 0)
                     : MAP_FAILED;
  if (memory == MAP_FAILED) throw coded_error("ERR_SYSTEM", std::string("cannot map the programs' counters: ") + strerror(errno));
  totals_ = static_cast<const hop_totals*>(memory);
}

capture::~capture() {
  detach();
  munmap(const_cast<hop_totals*>(totals_), totals_bytes_);
}

size_t capture::drain(uint8_t* to, size_t room) {
  const size_t count = reader_.read(to, room, sizeof(hop_record));
  for (size_t i = 0; i < count; i++) {
    uint8_t* record = to + i * sizeof(hop_record);
    if (record[offsetof(hop_record, stage)] != HOP_STAGE_kfree_skb) continue;
    // The caller's buffer need not be aligned.
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
  // Lost ones first: a record that comes in between is then missing on both sides or in neither.
  for (int cpu = 0; cpu < cpus; cpu++) sum.ring_full_per_cpu.push_back(__atomic_load_n(&totals_->cpu[cpu].ring_full, __ATOMIC_ACQUIRE));
  for (int cpu = 0; cpu < cpus; cpu++) {
    sum.seen += __atomic_load_n(&totals_->cpu[cpu].seen, __ATOMIC_ACQUIRE);
    sum.identity_full += __atomic_load_n(&totals_->cpu[cpu].identity_full, __ATOMIC_RELAXED);
  }
  sum.drained = drained_;
  sum.recursion_misses = programs_.recursion_misses();
  return sum;
}

std::vector<device_counter> capture::device_counters() const {
  const int fd = programs_.map_fd("device_counts");
  std::vector<hop_device_count> per_cpu(static_cast<size_t>(libbpf_num_possible_cpus()));
  std::vector<device_counter> counters;
  hop_device_stage key;
  hop_device_stage* previous = nullptr;
  while (bpf_map_get_next_key(fd, previous, &key) == 0) {
    if (bpf_map_lookup_elem(fd, &key, per_cpu.data()) == 0) {
      hop_device_count sum = {};
      for (const auto& part : per_cpu) {
        sum.packets += part.packets;
        sum.bytes += part.bytes;
      }
      counters.push_back({key, sum});
    }
    previous = &key;
  }
  return counters;
}
