// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "inventory_state.h"
#include "namespace_facts.h"
#include "netns_lister.h"
#include "process_events.h"
#include "rtnetlink_events.h"
#include "unique_fd.h"

using inventory_snapshot = std::shared_ptr<const std::vector<namespace_facts>>;

/* Called on the inventory's thread. */
struct inventory_handlers {
  std::function<void(inventory_snapshot)> on_snapshot;
  std::function<void(const std::string&)> on_warning;
};

/*
 * The loop of the inventory's thread, and everything that lives on it. It sleeps until the kernel tells of a change,
 * collects what comes in the next moment, looks again at what changed, and hands out the whole picture if it is another
 * one.
 */
class inventory_watch {
 public:
  /* What other threads say, together with a write to `wake_fd`. */
  struct control {
    int wake_fd;
    std::atomic<bool> stopping{false};
    std::atomic<bool> requested{false};
  };

  /* Moves the calling thread to another network namespace for good. Throws std::system_error. */
  inventory_watch(inventory_handlers handlers, control& control);

  /* Returns when `control.stopping` is set. Throws std::system_error when the thread cannot go on. */
  void run();

 private:
  using clock = std::chrono::steady_clock;

  void warn_once(const std::string& message);
  void wait();
  void gather();
  void read_events();
  void deliver_if_changed();

  const inventory_handlers handlers_;
  control& control_;
  std::set<std::string> warned_;

  // In this order: the connector is reached from the first namespace, the rest is at home.
  const std::function<void(const std::string&)> warn_ = [this](const std::string& message) { warn_once(message); };
  process_events processes_{warn_};
  netns_lister lister_{warn_};
  rtnetlink_events links_{warn_};
  unique_fd mounts_;
  inventory_state state_{lister_, warn_};

  std::optional<clock::time_point> request_due_ = clock::now();  // set: a look everywhere is wanted then
  clock::time_point next_request_ = clock::now();
  std::chrono::milliseconds gather_time_{0};
  inventory_snapshot last_;
};
