// SPDX-License-Identifier: Apache-2.0
// A list of what is refused, not of what is allowed: Node, V8 and glibc change what they call from version to version,
// and the last bit of tightness is not worth a gateway that dies in the field.
#include "seccomp_filter.h"

#include <asm/termbits.h>
#include <asm/ioctls.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/tiocl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <vector>

#include "coded_error.h"

namespace {

#if defined(__x86_64__)
constexpr __u32 native_arch = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr __u32 native_arch = AUDIT_ARCH_AARCH64;
#else
#error "lockDown knows x86_64 and aarch64"
#endif

constexpr __u32 x32_bit = 0x40000000;  // x32 calls share AUDIT_ARCH_X86_64; no aarch64 call is this large

// Numbers newer than Debian 12's headers are the same on every architecture.
constexpr int refused[] = {
    // reading or steering the kernel and other processes
    SYS_bpf, SYS_perf_event_open, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_process_madvise,
    SYS_process_mrelease, SYS_pidfd_getfd, SYS_kcmp, SYS_syslog, SYS_lookup_dcookie, SYS_fanotify_init, SYS_userfaultfd,
    SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
    // another program, another identity of this one
    SYS_execve, SYS_execveat, SYS_personality,
    // namespaces, mounts, the root
    SYS_setns, SYS_unshare, SYS_mount, SYS_umount2, SYS_move_mount, SYS_open_tree, 467 /* open_tree_attr */, SYS_fsopen,
    SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_mount_setattr, SYS_pivot_root, SYS_chroot, SYS_open_by_handle_at,
    SYS_name_to_handle_at, SYS_quotactl, SYS_quotactl_fd, SYS_acct, SYS_swapon, SYS_swapoff,
    // the kernel itself, its clock, its names, its keys
    SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_reboot, SYS_settimeofday,
    SYS_clock_settime, SYS_clock_adjtime, SYS_adjtimex, SYS_sethostname, SYS_setdomainname, SYS_add_key,
    SYS_request_key, SYS_keyctl, SYS_nfsservctl, SYS_vhangup,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#ifdef __x86_64__
    SYS_fork, SYS_vfork, SYS_iopl, SYS_ioperm, SYS_modify_ldt, SYS_uselib, SYS_ustat, SYS_sysfs, SYS__sysctl,
    SYS_create_module, SYS_get_kernel_syms, SYS_query_module,
#endif
};

constexpr __u32 number_at = offsetof(seccomp_data, nr);
constexpr __u32 arch_at = offsetof(seccomp_data, arch);
// The low half of an argument; both architectures are little-endian.
constexpr __u32 argument_at(int index) { return offsetof(seccomp_data, args) + 8 * index; }

std::vector<sock_filter> build_filter() {
  const __u32 refuse = SECCOMP_RET_ERRNO | EPERM;
  std::vector<sock_filter> program;
  const auto load = [&](__u32 offset) { program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)); };
  const auto answer = [&](__u32 value) { program.push_back(BPF_STMT(BPF_RET | BPF_K, value)); };
  // Each test skips the one or more instructions behind it when it does not hold.
  const auto skip_unless_equal = [&](__u32 value, __u8 skipped) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skipped));
  };
  const auto refuse_argument = [&](int call, int argument, __u32 value) {
    skip_unless_equal(call, 3);
    load(argument_at(argument));
    skip_unless_equal(value, 1);
    answer(refuse);
    load(number_at);
  };

  load(arch_at);
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, native_arch, 1, 0));
  answer(refuse);

  load(number_at);
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, x32_bit, 0, 1));
  answer(refuse);

  for (const int call : refused) {
    skip_unless_equal(call, 1);
    answer(refuse);
  }

  // Threads, but no processes and no new namespaces. The flags of clone3 are out of a filter's reach; ENOSYS makes glibc
  // (2.34 on) fall back to clone.
  skip_unless_equal(SYS_clone3, 1);
  answer(SECCOMP_RET_ERRNO | ENOSYS);
  skip_unless_equal(SYS_clone, 3);
  load(argument_at(0));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0));
  answer(refuse);
  load(number_at);

  // Typing into the terminal of whoever started us: its shell is still root's.
  refuse_argument(SYS_ioctl, 1, TIOCSTI);
  refuse_argument(SYS_ioctl, 1, TIOCLINUX);

  answer(SECCOMP_RET_ALLOW);
  return program;
}

}  // namespace

void install_seccomp_filter() {
  std::vector<sock_filter> filter = build_filter();
  const sock_fprog program = {static_cast<unsigned short>(filter.size()), filter.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) throw coded_error::system("no_new_privs", errno);
  // TSYNC: linux 3.17, commit c2e1f2e30daa; it spreads no_new_privs as well.
  const long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
  if (result > 0) {
    throw coded_error("ERR_SYSTEM", "seccomp: thread " + std::to_string(result) + " has a filter of its own");
  }
  if (result < 0) throw coded_error::system("seccomp", errno);
}
