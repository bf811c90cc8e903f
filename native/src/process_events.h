// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "unique_fd.h"

/*
 * The kernel's process connector: tells of every fork, exec and exit on the machine. A namespace that only a process
 * holds (`unshare --net`, a service with PrivateNetwork) has no mount, no link to anywhere and no number yet, so
 * nothing else announces it. Missing it is no fault: such a namespace is then found with the next change or the first packet.
 */
class process_events {
 public:
  using warning_handler = std::function<void(const std::string&)>;

  /* Make it before the thread leaves the first network namespace: the connector lives only there. Never throws. */
  explicit process_events(const warning_handler& warn);
  ~process_events();

  /* -1: not available. */
  int fd() const { return fd_.get(); }

  /* Reads all that waits. `on_start`: a process has begun, or become another program. False: events were dropped. */
  bool drain(const std::function<void(pid_t)>& on_start, const std::function<void(pid_t)>& on_end);

 private:
  bool subscribe();
  unique_fd fd_;
};
