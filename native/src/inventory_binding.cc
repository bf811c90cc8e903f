// SPDX-License-Identifier: Apache-2.0
#include "inventory_binding.h"

#include <memory>

#include "coded_error.h"
#include "inventory.h"
#include "inventory_delivery.h"
#include "js_error.h"

namespace {

/*
 * `Inventory` of index.d.ts, and the owner of its thread. Everything here is on the JS thread of one environment. An
 * open one is never collected: it holds a reference to itself until close(), or until its environment ends.
 */
class inventory_object : public Napi::ObjectWrap<inventory_object> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "Inventory",
        {InstanceMethod<&inventory_object::discover>("discover"), InstanceMethod<&inventory_object::close>("close")});
  }

  explicit inventory_object(const Napi::CallbackInfo& info) : Napi::ObjectWrap<inventory_object>(info) {}
  ~inventory_object() override { stop(); }

  void open(Napi::Env env, Napi::Function on_snapshot, Napi::Function on_warning) {
    delivery_ = inventory_delivery::create(env, on_snapshot, on_warning);
    inventory_delivery* const delivery = delivery_.get();
    inventory_handlers handlers;
    handlers.on_snapshot = [delivery](inventory_snapshot snapshot) { delivery->put_snapshot(std::move(snapshot)); };
    handlers.on_warning = [delivery](const std::string& message) { delivery->put_warning(message); };
    try {
      inventory_ = std::make_unique<inventory>(handlers);
    } catch (const coded_error&) {
      delivery_->close();
      throw;
    }
    // Hooks run last in, first out: the thread is joined before the environment takes its thread-safe function down.
    napi_add_env_cleanup_hook(env, at_environment_end, this);
    env_ = env;
    Ref();
  }

 private:
  static void at_environment_end(void* self) {
    auto* const object = static_cast<inventory_object*>(self);
    object->inventory_.reset();
    object->delivery_->abandon();
    object->delivery_.reset();
  }

  // Stop, wake, join, then free. Does nothing the second time.
  void stop() {
    if (!inventory_) return;
    napi_remove_env_cleanup_hook(env_, at_environment_end, this);
    inventory_.reset();
    delivery_->close();
    delivery_.reset();
  }

  void discover(const Napi::CallbackInfo& info) {
    if (!inventory_) throw to_js_error(info.Env(), coded_error("ERR_CLOSED", "the inventory is closed"));
    inventory_->discover();
  }

  void close(const Napi::CallbackInfo&) {
    if (!inventory_) return;
    stop();
    Unref();
  }

  napi_env env_ = nullptr;
  std::shared_ptr<inventory_delivery> delivery_;
  std::unique_ptr<inventory> inventory_;
};

Napi::Function to_callback(const Napi::Object& options, const char* key, bool required) {
  const Napi::Value value = options.Get(key);
  if (value.IsFunction()) return value.As<Napi::Function>();
  if (!required && value.IsUndefined()) return Napi::Function();
  throw Napi::TypeError::New(options.Env(), std::string(key) + " must be a function");
}

}  // namespace

void init_inventory(Napi::Env env, Napi::Object exports) {
  auto constructor = std::make_shared<Napi::FunctionReference>(Napi::Persistent(inventory_object::define(env)));
  const auto open_inventory = [constructor](const Napi::CallbackInfo& info) -> Napi::Value {
    if (!info[0].IsObject()) throw Napi::TypeError::New(info.Env(), "openInventory needs { onSnapshot }");
    const Napi::Object options = info[0].As<Napi::Object>();
    const Napi::Function on_snapshot = to_callback(options, "onSnapshot", true);
    const Napi::Function on_warning = to_callback(options, "onWarning", false);
    const Napi::Object object = constructor->New({});
    try {
      inventory_object::Unwrap(object)->open(info.Env(), on_snapshot, on_warning);
    } catch (const coded_error& error) {
      throw to_js_error(info.Env(), error);
    }
    return object;
  };
  exports.Set("openInventory", Napi::Function::New(env, open_inventory, "openInventory"));
}
