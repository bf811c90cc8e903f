// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <napi.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "inventory_watch.h"

/*
 * The way from the inventory's thread to JS. It holds at most one snapshot, the newest, and one call is under way at a
 * time, so a busy JS thread costs no memory. It does not keep the process alive.
 */
class inventory_delivery {
 public:
  /* JS thread. `on_warning` may be empty. */
  static std::shared_ptr<inventory_delivery> create(Napi::Env env, Napi::Function on_snapshot,
                                                    Napi::Function on_warning);

  /* Inventory's thread. */
  void put_snapshot(inventory_snapshot snapshot);
  void put_warning(const std::string& message);

  /* JS thread, when no put_* can be running any more. Nothing is called afterwards. */
  void close();
  /* The same at the end of the environment, which ends the thread-safe function by itself. */
  void abandon();

 private:
  static void call_js(Napi::Env env, Napi::Function on_snapshot, inventory_delivery* self, void*);
  using js_caller = Napi::TypedThreadSafeFunction<inventory_delivery, void, call_js>;

  void call_soon();
  void hand_over(Napi::Env env, Napi::Function on_snapshot);

  js_caller caller_;
  Napi::FunctionReference on_warning_;
  bool closed_ = false;  // JS thread only

  std::mutex mutex_;  // guards what follows; never held while calling out
  bool call_pending_ = false;
  inventory_snapshot snapshot_;
  std::vector<std::string> warnings_;  // few: the inventory says each thing once
};
