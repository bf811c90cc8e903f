// Calls what lockDown's filter refuses, first without it and then with it, and prints {name: [errno before, errno
// after]}. Every call has arguments that the kernel turns down, so that none of them does anything when it is allowed.
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <linux/sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <vector>

#include "seccomp_filter.h"

namespace {

struct call {
  const char* name;
  long number;
  long first, second, third, fourth, fifth;
};

constexpr long bad = -1;

const std::vector<call> calls = {
    {"bpf", SYS_bpf, bad, 0, 0, 0, 0},
    {"perf_event_open", SYS_perf_event_open, 0, 0, 0, 0, 0},
    {"ptrace", SYS_ptrace, 17 /* PTRACE_DETACH */, bad, 0, 0, 0},
    {"process_vm_readv", SYS_process_vm_readv, bad, 0, 0, 0, 0},
    {"process_vm_writev", SYS_process_vm_writev, bad, 0, 0, 0, 0},
    {"pidfd_getfd", SYS_pidfd_getfd, bad, 0, 0, 0, 0},
    {"userfaultfd", SYS_userfaultfd, bad, 0, 0, 0, 0},
    {"io_uring_setup", SYS_io_uring_setup, 0, 0, 0, 0, 0},
    {"io_uring_enter", SYS_io_uring_enter, bad, 0, 0, 0, 0},
    {"io_uring_register", SYS_io_uring_register, bad, 0, 0, 0, 0},
    {"execve", SYS_execve, 0, 0, 0, 0, 0},
    {"execveat", SYS_execveat, bad, 0, 0, 0, 0},
    {"personality", SYS_personality, 0xffffffff, 0, 0, 0, 0},
    {"setns", SYS_setns, bad, 0, 0, 0, 0},
    {"unshare", SYS_unshare, 1, 0, 0, 0, 0},
    {"mount", SYS_mount, 0, 0, 0, 0, 0},
    {"umount2", SYS_umount2, 0, 0, 0, 0, 0},
    {"move_mount", SYS_move_mount, bad, 0, bad, 0, 0},
    {"open_tree", SYS_open_tree, bad, 0, 0, 0, 0},
    {"fsopen", SYS_fsopen, 0, 0, 0, 0, 0},
    {"fsconfig", SYS_fsconfig, bad, 0, 0, 0, 0},
    {"fsmount", SYS_fsmount, bad, 0, 0, 0, 0},
    {"fspick", SYS_fspick, bad, 0, 0, 0, 0},
    {"mount_setattr", SYS_mount_setattr, bad, 0, 0, 0, 0},
    {"pivot_root", SYS_pivot_root, 0, 0, 0, 0, 0},
    {"chroot", SYS_chroot, 0, 0, 0, 0, 0},
    {"open_by_handle_at", SYS_open_by_handle_at, bad, 0, 0, 0, 0},
    {"init_module", SYS_init_module, 0, 0, 0, 0, 0},
    {"finit_module", SYS_finit_module, bad, 0, 0, 0, 0},
    {"delete_module", SYS_delete_module, 0, 0, 0, 0, 0},
    {"kexec_load", SYS_kexec_load, 0, 1 << 20, 0, 0, 0},
    {"reboot", SYS_reboot, 0, 0, 0, 0, 0},
    {"swapon", SYS_swapon, 0, 0, 0, 0, 0},
    {"add_key", SYS_add_key, 0, 0, 0, 0, 0},
    {"request_key", SYS_request_key, 0, 0, 0, 0, 0},
    {"keyctl", SYS_keyctl, bad, 0, 0, 0, 0},
    {"ioctl TIOCSTI", SYS_ioctl, bad, TIOCSTI, 0, 0, 0},
    {"ioctl TIOCLINUX", SYS_ioctl, bad, TIOCLINUX, 0, 0, 0},
    // No two of these flags go together: a fork and new namespaces without being either.
    {"clone without CLONE_THREAD", SYS_clone, CLONE_NEWNS | CLONE_FS, 0, 0, 0, 0},
    {"clone3", SYS_clone3, 0, 0, 0, 0, 0},
    // Not refused.
    {"clone with CLONE_THREAD", SYS_clone, CLONE_THREAD, 0, 0, 0, 0},
    {"ioctl", SYS_ioctl, bad, TIOCGWINSZ, 0, 0, 0},
    {"close", SYS_close, bad, 0, 0, 0, 0},
#ifdef __x86_64__
    {"x32 getpid", 0x40000000 | SYS_getpid, 0, 0, 0, 0, 0},
#endif
};

int errno_of(const call& each) {
  errno = 0;
  syscall(each.number, each.first, each.second, each.third, each.fourth, each.fifth, 0);
  return errno;
}

#ifdef __x86_64__
sigjmp_buf fault;
// getpid of the 32-bit table through the 32-bit gate. A kernel without it raises a fault instead: -1.
int errno_of_gate() {
  signal(SIGSEGV, [](int) { siglongjmp(fault, 1); });
  if (sigsetjmp(fault, 1) != 0) return -1;
  long result = 20;
  asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
  return static_cast<int>(result) < 0 ? -static_cast<int>(result) : 0;
}
#endif

}  // namespace

int main() {
  std::vector<int> before;
  for (const call& each : calls) before.push_back(errno_of(each));
#ifdef __x86_64__
  const int gate_before = errno_of_gate();
#endif
  install_seccomp_filter();
  std::printf("{");
  for (size_t index = 0; index < calls.size(); ++index) {
    std::printf("\"%s\":[%d,%d],", calls[index].name, before[index], errno_of(calls[index]));
  }
#ifdef __x86_64__
  std::printf("\"32-bit getpid\":[%d,%d],", gate_before, errno_of_gate());
#endif
  std::printf("\"filter\":[0,0]}\n");
}
