// SPDX-License-Identifier: Apache-2.0
#include "inventory_delivery.h"

#include <utility>

#include "inventory_to_js.h"

std::shared_ptr<inventory_delivery> inventory_delivery::create(Napi::Env env, Napi::Function on_snapshot,
                                                               Napi::Function on_warning) {
  auto delivery = std::make_shared<inventory_delivery>();
  if (!on_warning.IsEmpty()) delivery->on_warning_ = Napi::Persistent(on_warning);
  // The thread-safe function outlives close() by a turn of the event loop, so it has a share of its own until its end.
  auto* share = new std::shared_ptr<inventory_delivery>(delivery);
  delivery->caller_ = js_caller::New(
      env, on_snapshot, "hopscope inventory", 0, 1, delivery.get(),
      [](Napi::Env, std::shared_ptr<inventory_delivery>* data, inventory_delivery*) { delete data; }, share);
  delivery->caller_.Unref(env);
  return delivery;
}

void inventory_delivery::put_snapshot(inventory_snapshot snapshot) {
  const std::lock_guard<std::mutex> lock(mutex_);
  snapshot_ = std::move(snapshot);
  call_soon();
}

void inventory_delivery::put_warning(const std::string& message) {
  const std::lock_guard<std::mutex> lock(mutex_);
  warnings_.push_back(message);
  call_soon();
}

void inventory_delivery::call_soon() {
  if (!std::exchange(call_pending_, true)) caller_.NonBlockingCall();
}

void inventory_delivery::close() {
  abandon();
  caller_.Abort();
}

void inventory_delivery::abandon() {
  closed_ = true;
  on_warning_.Reset();
}

void inventory_delivery::call_js(Napi::Env env, Napi::Function on_snapshot, inventory_delivery* self, void*) {
  if (env == nullptr || self->closed_) return;  // the call was still queued when it closed
  try {
    self->hand_over(env, on_snapshot);
  } catch (const Napi::Error& error) {
    // A callback's exception is uncaught, as from any event. Left to itself Node would only warn (DEP0168).
    napi_fatal_exception(env, error.Value());
  }
}

void inventory_delivery::hand_over(Napi::Env env, Napi::Function on_snapshot) {
  inventory_snapshot snapshot;
  std::vector<std::string> warnings;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    call_pending_ = false;
    snapshot = std::exchange(snapshot_, nullptr);
    warnings.swap(warnings_);
  }
  // Either callback may close the inventory.
  for (const std::string& message : warnings) {
    if (!closed_ && !on_warning_.IsEmpty()) on_warning_.Call({Napi::String::New(env, message)});
  }
  if (!closed_ && snapshot) on_snapshot.Call({to_js(env, *snapshot)});
}
