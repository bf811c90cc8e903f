// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>

// Reads the BPF ring buffer straight from its memory. libbpf's reader calls back once per record; this one copies whole
// records into the caller's buffer and gives the space back once per call. Single consumer: one thread only.
class ring_reader {
 public:
  // Maps the ring. `bytes` is its size, a power of two. Throws coded_error.
  ring_reader(int map_fd, size_t bytes);
  ~ring_reader();
  ring_reader(const ring_reader&) = delete;
  ring_reader& operator=(const ring_reader&) = delete;

  // Copies as many whole records of `record_bytes` as fit into `to`; returns how many. Never blocks.
  size_t read(uint8_t* to, size_t room, size_t record_bytes);

  // Bytes that wait to be read, their headers included.
  size_t waiting() const;

 private:
  size_t bytes_;
  size_t page_;
  unsigned long* consumer_;        // ours to write
  const unsigned long* producer_;  // the kernel's
  const uint8_t* data_;            // mapped twice in a row, so a record never wraps
};
