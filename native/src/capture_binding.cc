// SPDX-License-Identifier: Apache-2.0
#include "capture_binding.h"

#include <bpf/libbpf.h>

#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "capture.h"
#include "js_error.h"
#include "ring_watch.h"

namespace {

using std::chrono::steady_clock;

// What a JS Capture object holds. The closures of its methods share it; it is closed by close(), by the last of them being
// collected, or at the environment's end.
struct open_capture {
  std::unique_ptr<capture> kernel;
  std::unique_ptr<ring_watch> watch;
  steady_clock::time_point last_record = steady_clock::now();

  void close() {
    watch.reset();  // before the file descriptor that it polls
    kernel.reset();
  }
};

capture& require_open(Napi::Env env, const open_capture& open) {
  if (!open.kernel) throw to_js_error(env, coded_error("ERR_CLOSED", "the capture is closed"));
  return *open.kernel;
}

Napi::Number number(Napi::Env env, uint64_t value) { return Napi::Number::New(env, static_cast<double>(value)); }

uint32_t require_uint32(Napi::Env env, const Napi::Value& value, const char* what) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0 && number <= UINT32_MAX && number == std::floor(number))) {  // NaN is refused too
    throw Napi::TypeError::New(env, std::string(what) + " must be a whole number from 0 to 4294967295");
  }
  return static_cast<uint32_t>(number);
}

uint64_t read_protocols(Napi::Env env, const Napi::Value& value) {
  const std::map<std::string, uint64_t> known = {
      {"icmp", HOP_WANT_ICMP}, {"icmp6", HOP_WANT_ICMP6}, {"udp", HOP_WANT_UDP}, {"tcp", HOP_WANT_TCP}};
  uint64_t wanted = 0;
  const uint32_t count = value.IsArray() ? value.As<Napi::Array>().Length() : 0;
  for (uint32_t i = 0; i < count; i++) {
    const Napi::Value name = value.As<Napi::Array>().Get(i);
    const auto found = name.IsString() ? known.find(name.As<Napi::String>().Utf8Value()) : known.end();
    if (found == known.end()) throw Napi::TypeError::New(env, "protocols may be 'icmp', 'icmp6', 'udp' and 'tcp'");
    wanted |= found->second;
  }
  if (wanted == 0) throw Napi::TypeError::New(env, "protocols must be an array of at least one of 'icmp', 'icmp6', 'udp' and 'tcp'");
  return wanted;
}

std::vector<uint16_t> read_ports(Napi::Env env, const Napi::Value& value) {
  const uint32_t count = value.IsArray() ? value.As<Napi::Array>().Length() : 0;
  if (count == 0 || count > HOP_PORTS_MAX) {
    throw Napi::TypeError::New(env, "ports must be an array of 1 to " + std::to_string(HOP_PORTS_MAX) + " numbers");
  }
  std::vector<uint16_t> ports;
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t port = require_uint32(env, value.As<Napi::Array>().Get(i), "ports");
    if (port > UINT16_MAX) throw Napi::TypeError::New(env, "ports must be from 0 to 65535");
    ports.push_back(static_cast<uint16_t>(port));
  }
  return ports;
}

capture_options read_options(Napi::Env env, const Napi::Object& from) {
  capture_options options;
  if (Napi::Value value = from.Get("ringBytes"); !value.IsUndefined()) {
    options.ring_bytes = require_uint32(env, value, "ringBytes");
    if (options.ring_bytes < 65536 || (options.ring_bytes & (options.ring_bytes - 1)) != 0) {
      throw Napi::TypeError::New(env, "ringBytes must be a power of two, at least 65536");
    }
  }
  if (Napi::Value value = from.Get("netns"); !value.IsUndefined()) {
    if (!value.IsArray()) throw Napi::TypeError::New(env, "netns must be an array of inode numbers");
    Napi::Array inums = value.As<Napi::Array>();
    if (inums.Length() == 0 || inums.Length() > HOP_NETNS_FILTER_MAX) {
      throw Napi::TypeError::New(env, "netns must have 1 to " + std::to_string(HOP_NETNS_FILTER_MAX) + " entries");
    }
    for (uint32_t i = 0; i < inums.Length(); i++) options.netns.push_back(require_uint32(env, inums.Get(i), "netns"));
  }
  if (Napi::Value value = from.Get("ifname"); !value.IsUndefined()) {
    if (!value.IsString()) throw Napi::TypeError::New(env, "ifname must be a string");
    options.ifname = value.As<Napi::String>().Utf8Value();
    if (options.ifname.empty() || options.ifname.size() >= HOP_IFNAME_BYTES || options.ifname.find('\0') != std::string::npos) {
      throw Napi::TypeError::New(env, "ifname must have 1 to 15 bytes, none of them zero");
    }
  }
  if (Napi::Value value = from.Get("protocols"); !value.IsUndefined()) options.wanted = read_protocols(env, value);
  if (Napi::Value value = from.Get("ports"); !value.IsUndefined()) options.ports = read_ports(env, value);
  if (Napi::Value value = from.Get("attach"); !value.IsUndefined()) {
    const std::string attach = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
    if (attach != "tp_btf" && attach != "raw_tp") throw Napi::TypeError::New(env, "attach must be 'tp_btf' or 'raw_tp'");
    options.typed = attach == "tp_btf";
    options.untyped = attach == "raw_tp";
  }
  return options;
}

Napi::Value counters_to_js(Napi::Env env, const capture_counters& counters) {
  Napi::Object object = Napi::Object::New(env);
  Napi::Array per_cpu = Napi::Array::New(env);
  uint64_t ring_full = 0;
  for (size_t cpu = 0; cpu < counters.ring_full_per_cpu.size(); cpu++) {
    per_cpu.Set(cpu, number(env, counters.ring_full_per_cpu[cpu]));
    ring_full += counters.ring_full_per_cpu[cpu];
  }
  object.Set("seen", number(env, counters.seen));
  object.Set("ringFullPerCpu", per_cpu);
  object.Set("ringFull", number(env, ring_full));
  object.Set("sampledOut", number(env, counters.sampled_out));
  object.Set("drained", number(env, counters.drained));
  object.Set("identityFull", number(env, counters.identity_full));
  object.Set("deviceFull", number(env, counters.device_full));
  object.Set("recursionMisses", number(env, counters.recursion_misses));
  return object;
}

Napi::Value device_counters_to_js(Napi::Env env, const std::vector<device_counter>& counters) {
  Napi::Array array = Napi::Array::New(env, counters.size());
  for (size_t i = 0; i < counters.size(); i++) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("netnsInum", number(env, counters[i].netns_inum));
    object.Set("ifindex", number(env, counters[i].ifindex));
    object.Set("stage", number(env, counters[i].stage));
    object.Set("packets", number(env, counters[i].packets));
    object.Set("bytes", number(env, counters[i].bytes));
    array.Set(i, object);
  }
  return array;
}

Napi::Value features_to_js(Napi::Env env, const std::vector<feature>& features) {
  Napi::Array array = Napi::Array::New(env, features.size());
  for (size_t i = 0; i < features.size(); i++) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("name", features[i].name);
    object.Set("state", features[i].on ? "on" : "off");
    object.Set("why", features[i].why);
    object.Set("mend", features[i].mend);
    array.Set(i, object);
  }
  return array;
}

Napi::Value drain(const Napi::CallbackInfo& info, open_capture& open) {
  Napi::Env env = info.Env();
  capture& kernel = require_open(env, open);
  if (!info[0].IsTypedArray() || info[0].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    throw Napi::TypeError::New(env, "drain wants a Uint8Array");
  }
  Napi::Uint8Array buffer = info[0].As<Napi::Uint8Array>();
  if (buffer.ByteLength() < HOP_RECORD_BYTES) {
    throw Napi::RangeError::New(env, "the buffer is shorter than one record (" + std::to_string(HOP_RECORD_BYTES) + " bytes)");
  }
  const size_t bytes = kernel.drain(buffer.Data(), buffer.ByteLength());
  const auto now = steady_clock::now();
  if (bytes > 0) {
    open.last_record = now;
  } else if (open.watch && now - open.last_record > std::chrono::milliseconds(capture::kQuietMs * 3 / 4)) {
    // Three quarters: the caller, who measures quietMs by its own clock, must not stop its timer before this.
    open.watch->arm();
  }
  return number(env, bytes);
}

Napi::Value set_sampling(const Napi::CallbackInfo& info, open_capture& open) {
  Napi::Env env = info.Env();
  capture& kernel = require_open(env, open);
  const uint32_t one_in = require_uint32(env, info[0], "oneIn");
  if (one_in == 0 || one_in > 1u << HOP_SAMPLING_MAX_SHIFT || (one_in & (one_in - 1)) != 0) {
    throw Napi::TypeError::New(env, "oneIn must be a power of two from 1 to " + std::to_string(1u << HOP_SAMPLING_MAX_SHIFT));
  }
  try {
    kernel.set_sampling_shift(static_cast<uint32_t>(__builtin_ctz(one_in)));
  } catch (const coded_error& error) {
    throw to_js_error(env, error);
  }
  return env.Undefined();
}

Napi::Value open_capture_js(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!info[0].IsUndefined() && !info[0].IsObject()) throw Napi::TypeError::New(env, "openCapture wants an object of options");
  Napi::Object from = info[0].IsObject() ? info[0].As<Napi::Object>() : Napi::Object::New(env);
  Napi::Value on_readable = from.Get("onReadable");
  if (!on_readable.IsUndefined() && !on_readable.IsFunction()) throw Napi::TypeError::New(env, "onReadable must be a function");

  auto open = std::make_shared<open_capture>();
  try {
    open->kernel = std::make_unique<capture>(read_options(env, from));
    if (on_readable.IsFunction()) {
      open->watch = std::make_unique<ring_watch>(env, open->kernel->poll_fd(), on_readable.As<Napi::Function>());
    }
  } catch (const coded_error& error) {
    throw to_js_error(env, error);
  }

  auto method = [&](const char* name, auto body) {
    return Napi::PropertyDescriptor::Value(
        name, Napi::Function::New(env, [open, body](const Napi::CallbackInfo& call) -> Napi::Value { return body(call, *open); }, name),
        napi_enumerable);
  };
  Napi::Object object = Napi::Object::New(env);
  object.DefineProperties({
      method("drain", drain),
      method("counters", [](const Napi::CallbackInfo& call, open_capture& self) -> Napi::Value {
        return counters_to_js(call.Env(), require_open(call.Env(), self).counters());
      }),
      method("setSampling", set_sampling),
      method("sampledOneIn", [](const Napi::CallbackInfo& call, open_capture& self) -> Napi::Value {
        return number(call.Env(), uint64_t{1} << require_open(call.Env(), self).sampling_shift());
      }),
      method("deviceCounters", [](const Napi::CallbackInfo& call, open_capture& self) -> Napi::Value {
        return device_counters_to_js(call.Env(), require_open(call.Env(), self).device_counters());
      }),
      method("features", [](const Napi::CallbackInfo& call, open_capture& self) -> Napi::Value {
        return features_to_js(call.Env(), require_open(call.Env(), self).features());
      }),
      method("locationNames", [](const Napi::CallbackInfo& call, open_capture& self) -> Napi::Value {
        capture& kernel = require_open(call.Env(), self);
        const auto names = kernel.location_names(require_uint32(call.Env(), call[0], "from"));
        Napi::Array array = Napi::Array::New(call.Env(), names.size());
        for (size_t i = 0; i < names.size(); i++) array.Set(i, names[i]);
        return array;
      }),
      method("detach", [](const Napi::CallbackInfo& call, open_capture& self) -> Napi::Value {
        require_open(call.Env(), self).detach();
        return call.Env().Undefined();
      }),
      method("close", [](const Napi::CallbackInfo& call, open_capture& self) -> Napi::Value {
        self.close();
        return call.Env().Undefined();
      }),
  });
  return object;
}

Napi::Value drop_reasons_js(const Napi::CallbackInfo& info) {
  Napi::Object object = Napi::Object::New(info.Env());
  for (const auto& [value, name] : read_drop_reasons()) object.Set(value, Napi::String::New(info.Env(), name));
  return object;
}

Napi::Value libbpf_version_js(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), std::to_string(libbpf_major_version()) + "." + std::to_string(libbpf_minor_version()));
}

}  // namespace

void init_capture(Napi::Env env, Napi::Object exports) {
  exports.Set("openCapture", Napi::Function::New(env, open_capture_js, "openCapture"));
  exports.Set("dropReasons", Napi::Function::New(env, drop_reasons_js, "dropReasons"));
  exports.Set("libbpfVersion", Napi::Function::New(env, libbpf_version_js, "libbpfVersion"));
  exports.Set("quietMs", Napi::Number::New(env, static_cast<double>(capture::kQuietMs)));
}
