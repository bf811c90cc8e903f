// SPDX-License-Identifier: Apache-2.0
#include "inventory.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <system_error>

#include "coded_error.h"

namespace {

coded_error to_coded_error(const std::system_error& error) {
  const int number = error.code().value();
  const bool refused = number == EPERM || number == EACCES;
  return coded_error(refused ? "ERR_NO_PRIVILEGE" : "ERR_SYSTEM", std::string("network inventory: ") + error.what());
}

// A new thread inherits the mask of its maker. With all blocked, signals stay with Node's own threads.
class all_signals_blocked {
 public:
  all_signals_blocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~all_signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

inventory::inventory(const inventory_handlers& handlers) : wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!wake_) throw coded_error::system("network inventory: eventfd", errno);
  control_.wake_fd = wake_.get();
  std::promise<void> started;
  std::future<void> start = started.get_future();
  try {
    const all_signals_blocked block;
    thread_ = std::thread(&inventory::run, this, handlers, std::move(started));
    start.get();
  } catch (const std::system_error& error) {
    if (thread_.joinable()) thread_.join();
    throw to_coded_error(error);
  }
}

inventory::~inventory() {
  control_.stopping = true;
  eventfd_write(wake_.get(), 1);
  thread_.join();
}

void inventory::discover() {
  if (!control_.requested.exchange(true)) eventfd_write(wake_.get(), 1);
}

// The thread. What fails while it starts is the constructor's to throw; what fails later ends the watch with a warning.
void inventory::run(const inventory_handlers& handlers, std::promise<void> started) {
  pthread_setname_np(pthread_self(), "hop-inventory");
  std::optional<inventory_watch> watch;
  try {
    watch.emplace(handlers, control_);
  } catch (...) {
    started.set_exception(std::current_exception());
    return;
  }
  started.set_value();
  try {
    watch->run();
  } catch (const std::system_error& error) {
    handlers.on_warning(std::string("The network inventory has stopped, the map stays as it is: ") + error.what());
  }
}
