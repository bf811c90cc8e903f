{
  "targets": [
    {
      "target_name": "hopscope",
      "sources": [
        "src/addon.cc",
        "src/bpf_programs.cc",
        "src/capture.cc",
        "src/capture_binding.cc",
        "src/inventory.cc",
        "src/inventory_binding.cc",
        "src/inventory_delivery.cc",
        "src/inventory_state.cc",
        "src/inventory_to_js.cc",
        "src/inventory_watch.cc",
        "src/kernel_btf.cc",
        "src/kernel_names.cc",
        "src/kernel_support.cc",
        "src/lock_down.cc",
        "src/namespaces.cc",
        "src/netns_lister.cc",
        "src/process_events.cc",
        "src/ring_reader.cc",
        "src/ring_watch.cc",
        "src/rtnetlink.cc",
        "src/rtnetlink_events.cc",
        "src/rtnetlink_parse.cc",
        "src/seccomp_filter.cc"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")", "../bpf/include", "../bpf/build"],
      "cflags_cc": ["-std=c++17", "-Wall", "-Wextra", "-fvisibility=hidden"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_CPP_EXCEPTIONS"],
      "libraries": ["-lbpf", "-lelf", "-lz"]
    }
  ]
}
