// SPDX-License-Identifier: Apache-2.0
#include "inventory_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace {

using std::chrono::milliseconds;

// One `docker run` changes some dozens of things in a burst. Far below the 200 ms that a change may take to be seen.
constexpr milliseconds shortest_gather(15);
// On a busy machine with many devices a look may take long; then it is made less often, so that looking takes at most a
// third of this thread's time.
constexpr milliseconds longest_gather(100);
// A stream of packets from a place that cannot be found must not keep this thread busy.
constexpr milliseconds between_requests(200);

// The processes of our own namespace come and go all the time and say nothing about it.
bool same_picture(const std::vector<namespace_facts>& left, const std::vector<namespace_facts>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](const auto& one, const auto& other) {
    if (!one.own || !other.own) return one == other;
    namespace_facts copy = one;
    copy.pids = other.pids;
    return copy == other;
  });
}

void poll_or_throw(pollfd* fds, size_t count, milliseconds timeout) {
  if (poll(fds, count, timeout.count()) < 0 && errno != EINTR) {
    throw std::system_error(errno, std::generic_category(), "poll");
  }
}

}  // namespace

inventory_watch::inventory_watch(inventory_handlers handlers, control& control)
    : handlers_(std::move(handlers)), control_(control), mounts_(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)) {
  if (mounts_) return;
  warn_once("A namespace made by `ip netns add` is found with the next change: /proc/self/mountinfo cannot be opened.");
}

void inventory_watch::warn_once(const std::string& message) {
  if (warned_.insert(message).second) handlers_.on_warning(message);
}

void inventory_watch::run() {
  while (!control_.stopping) {
    if (request_due_ && clock::now() >= *request_due_) {
      request_due_.reset();
      state_.mark_all();
      next_request_ = clock::now() + between_requests;
    }
    // What happens from here on is another event, so nothing is missed between the look and the wait.
    const clock::time_point looked = clock::now();
    // Who is gone is told before the listing, which may have to wait for the kernel to take them down.
    if (state_.discover_if_due()) deliver_if_changed();
    if (state_.list_if_due()) deliver_if_changed();
    const auto twice = std::chrono::duration_cast<milliseconds>(2 * (clock::now() - looked));
    gather_time_ = std::clamp(twice, shortest_gather, longest_gather);
    wait();
  }
}

// Until something happens, or a request that had to wait is due.
void inventory_watch::wait() {
  milliseconds timeout(-1);
  if (request_due_) {
    timeout = std::max(milliseconds(0), std::chrono::ceil<milliseconds>(*request_due_ - clock::now()));
  }
  // A descriptor of -1 is passed over. A change of the mount table raises POLLPRI (proc(5), linux 2.6.30).
  std::array<pollfd, 4> fds = {{{control_.wake_fd, POLLIN, 0},
                                {links_.fd(), POLLIN, 0},
                                {processes_.fd(), POLLIN, 0},
                                {mounts_.get(), POLLPRI, 0}}};
  poll_or_throw(fds.data(), fds.size(), timeout);

  if (fds[0].revents == 0 && (fds[1].revents | fds[2].revents | fds[3].revents) != 0) gather();
  eventfd_t ignored;
  eventfd_read(control_.wake_fd, &ignored);
  if (control_.stopping) return;
  if (control_.requested.exchange(false) && !request_due_) request_due_ = std::max(clock::now(), next_request_);
  if (fds[3].revents != 0) state_.check_mounts();
  read_events();
}

// The rest of the burst, unless someone wants us sooner.
void inventory_watch::gather() {
  pollfd wake = {control_.wake_fd, POLLIN, 0};
  poll_or_throw(&wake, 1, gather_time_);
}

void inventory_watch::read_events() {
  const bool complete = links_.drain([&](const rtnetlink_event& event) {
    switch (event.kind) {
      case rtnetlink_event::changed: state_.mark(event.nsid); break;
      case rtnetlink_event::moved:
        // Perhaps to a namespace nobody has seen.
        state_.mark(event.nsid);
        state_.want_discovery();
        break;
      // Numbers that other namespaces give mean nothing here. The kernel gives one at home when a link's peer turns out
      // to be in a namespace that we have not numbered yet.
      case rtnetlink_event::numbered:
        if (!event.nsid && !state_.knows(event.subject)) state_.want_discovery();
        break;
      case rtnetlink_event::died:
        if (!event.nsid) state_.forget(event.subject);
        break;
    }
  });
  if (!complete) state_.forget_all();
  if (processes_.fd() < 0) return;
  const bool all_processes = processes_.drain([&](pid_t pid) { state_.check_process(pid); },
                                              [&](pid_t pid) { state_.check_ended_process(pid); });
  if (!all_processes) state_.want_discovery();
}

void inventory_watch::deliver_if_changed() {
  std::vector<namespace_facts> found = state_.snapshot();
  if (!last_ && found.empty()) return;  // nothing has been listed yet
  if (last_ && same_picture(*last_, found)) return;
  last_ = std::make_shared<const std::vector<namespace_facts>>(std::move(found));
  handlers_.on_snapshot(last_);
}
