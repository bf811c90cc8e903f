// SPDX-License-Identifier: Apache-2.0
#include "ring_reader.h"

#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "coded_error.h"

// Layout of the map's memory (kernel/bpf/ringbuf.c): one writable page with the consumer position, then read-only one page with
// the producer position and the data pages twice.
ring_reader::ring_reader(int map_fd, size_t bytes) : bytes_(bytes), page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
  void* consumer = mmap(nullptr, page_, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
  if (consumer == MAP_FAILED) throw coded_error("ERR_SYSTEM", std::string("cannot map the ring buffer: ") + strerror(errno));
  void* producer = mmap(nullptr, page_ + 2 * bytes_, PROT_READ, MAP_SHARED, map_fd, static_cast<off_t>(page_));
  if (producer == MAP_FAILED) {
    int error = errno;
    munmap(consumer, page_);
    throw coded_error("ERR_SYSTEM", std::string("cannot map the ring buffer: ") + strerror(error));
  }
  consumer_ = static_cast<unsigned long*>(consumer);
  producer_ = static_cast<const unsigned long*>(producer);
  data_ = static_cast<const uint8_t*>(producer) + page_;
}

ring_reader::~ring_reader() {
  munmap(consumer_, page_);
  munmap(const_cast<unsigned long*>(producer_), page_ + 2 * bytes_);
}

size_t ring_reader::read(uint8_t* to, size_t room, size_t record_bytes) {
  unsigned long at = __atomic_load_n(consumer_, __ATOMIC_RELAXED);
  const unsigned long end = __atomic_load_n(producer_, __ATOMIC_ACQUIRE);
  size_t count = 0;
  while (at < end && room >= record_bytes) {
    const uint8_t* entry = data_ + (at & (bytes_ - 1));
    const uint32_t header = __atomic_load_n(reinterpret_cast<const uint32_t*>(entry), __ATOMIC_ACQUIRE);
    if (header & BPF_RINGBUF_BUSY_BIT) break;  // reserved, not submitted yet; what follows waits for it: order is kept
    const uint32_t length = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
    if (!(header & BPF_RINGBUF_DISCARD_BIT) && length == record_bytes) {
      memcpy(to, entry + BPF_RINGBUF_HDR_SZ, record_bytes);
      to += record_bytes;
      room -= record_bytes;
      count++;
    }
    at += (length + BPF_RINGBUF_HDR_SZ + 7) & ~7ul;
  }
  __atomic_store_n(consumer_, at, __ATOMIC_RELEASE);
  return count;
}

size_t ring_reader::waiting() const {
  return __atomic_load_n(producer_, __ATOMIC_ACQUIRE) - __atomic_load_n(consumer_, __ATOMIC_RELAXED);
}
