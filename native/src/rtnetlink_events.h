// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "unique_fd.h"

/* Something changed. `nsid`: where, as home numbers it; none = home itself. */
struct rtnetlink_event {
  enum kind_of_event {
    changed,   // a link, an address or a default route
    moved,     // a link left for another namespace
    numbered,  // a namespace got the number `subject` at `nsid`
    died,      // the namespace numbered `subject` at `nsid` is gone
  };
  kind_of_event kind = changed;
  std::optional<int> nsid;
  int subject = -1;
};

/*
 * One socket that hears every namespace which has a number at home, the namespace the calling thread is in when this is
 * made. Events say where to look again; what they carry is not used, so a lost or reordered one cannot leave a wrong
 * picture.
 */
class rtnetlink_events {
 public:
  using warning_handler = std::function<void(const std::string&)>;

  /* Throws std::system_error. */
  explicit rtnetlink_events(const warning_handler& warn);

  int fd() const { return fd_.get(); }

  /* Reads all that waits. False: the kernel had to drop events, so look everywhere. */
  bool drain(const std::function<void(const rtnetlink_event&)>& on_event);

 private:
  unique_fd fd_;
};
