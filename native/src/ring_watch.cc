// SPDX-License-Identifier: Apache-2.0
#include "ring_watch.h"

#include "coded_error.h"

struct ring_watch::state {
  uv_poll_t poll;
  ring_watch* owner;  // valid until `closing`
  Napi::FunctionReference on_readable;
  Napi::AsyncContext context;
  napi_async_cleanup_hook_handle hook = nullptr;
  bool armed = false;
  bool closing = false;

  state(Napi::Env env, ring_watch* watch, Napi::Function callback)
      : owner(watch), on_readable(Napi::Persistent(callback)), context(env, "hopscope:readable") {}

  // Called by the owner or, when the environment ends before it, by the hook.
  void close() {
    if (closing) return;
    closing = true;
    owner->state_ = nullptr;
    on_readable.Reset();
    uv_close(reinterpret_cast<uv_handle_t*>(&poll), [](uv_handle_t* handle) {
      auto* self = static_cast<state*>(handle->data);
      napi_remove_async_cleanup_hook(self->hook);
      delete self;
    });
  }

  static void on_poll(uv_poll_t* poll, int status, int) {
    auto* self = static_cast<state*>(poll->data);
    uv_poll_stop(poll);
    self->armed = false;
    if (status < 0 || self->on_readable.IsEmpty()) return;
    Napi::Env env = self->on_readable.Env();
    Napi::HandleScope scope(env);
    try {
      // May close the capture, and with it this state: libuv frees it only after this callback.
      self->on_readable.MakeCallback(env.Global(), {}, self->context);
    } catch (const Napi::Error& error) {
      napi_fatal_exception(env, error.Value());
    }
  }
};

ring_watch::ring_watch(Napi::Env env, int fd, Napi::Function on_readable) {
  uv_loop_t* loop;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) throw coded_error("ERR_SYSTEM", "this environment has no event loop");
  state_ = new state(env, this, on_readable);
  if (int error = uv_poll_init(loop, &state_->poll, fd)) {
    delete state_;
    throw coded_error("ERR_SYSTEM", std::string("cannot watch the ring buffer: ") + uv_strerror(error));
  }
  state_->poll.data = state_;
  napi_add_async_cleanup_hook(
      env, [](napi_async_cleanup_hook_handle, void* data) { static_cast<state*>(data)->close(); }, state_, &state_->hook);
  arm();
}

ring_watch::~ring_watch() {
  if (state_) state_->close();
}

void ring_watch::arm() {
  if (!state_ || state_->armed) return;
  state_->armed = uv_poll_start(&state_->poll, UV_READABLE, state::on_poll) == 0;
}
