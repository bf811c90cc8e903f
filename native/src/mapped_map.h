// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/mman.h>

#include <cerrno>
#include <cstddef>

#include "coded_error.h"

// A BPF array map's memory, read-only, for as long as this lives.
class mapped_map {
 public:
  // `bytes` is all of its values. Throws coded_error.
  mapped_map(int map_fd, size_t bytes) : bytes_((bytes + 4095) & ~size_t{4095}) {
    memory_ = mmap(nullptr, bytes_, PROT_READ, MAP_SHARED, map_fd, 0);
    if (memory_ == MAP_FAILED) throw coded_error::system("cannot map the programs' counters", errno);
  }
  ~mapped_map() { munmap(memory_, bytes_); }
  mapped_map(const mapped_map&) = delete;
  mapped_map& operator=(const mapped_map&) = delete;

  template <typename T>
  const T* as() const {
    return static_cast<const T*>(memory_);
  }

 private:
  void* memory_;
  size_t bytes_;
};
