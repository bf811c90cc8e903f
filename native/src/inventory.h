// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <future>
#include <thread>

#include "inventory_watch.h"
#include "unique_fd.h"

/*
 * Owns the thread that watches every network namespace. That thread enters other namespaces, so it runs nothing else.
 * The destructor stops it and waits for it; no handler is called after that.
 */
class inventory {
 public:
  /* Throws coded_error ERR_NO_PRIVILEGE or ERR_SYSTEM when not even this namespace can be watched. */
  explicit inventory(const inventory_handlers& handlers);
  ~inventory();
  inventory(const inventory&) = delete;
  inventory& operator=(const inventory&) = delete;

  /* Any thread: look everywhere now. Calls until that look count as one. */
  void discover();

 private:
  void run(const inventory_handlers& handlers, std::promise<void> started);

  const unique_fd wake_;
  inventory_watch::control control_;
  std::thread thread_;  // last: it uses the others
};
