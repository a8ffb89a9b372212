// libseccomp's rules and Linux's own calls (prctl, Landlock) are variadic or have no wrapper in glibc, which Swift cannot
// call: one inline function for each use.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline scmp_filter_ctx saccade_seccomp_new(void) { return seccomp_init(SCMP_ACT_KILL_PROCESS); }

static inline uint32_t saccade_seccomp_allow(void) { return SCMP_ACT_ALLOW; }
static inline uint32_t saccade_seccomp_errno(int number) { return SCMP_ACT_ERRNO((uint16_t)number); }

static inline int saccade_seccomp_rule(scmp_filter_ctx filter, uint32_t action, int call) {
  return seccomp_rule_add(filter, action, call, 0);
}

/// Where (argument & mask) == value.
static inline int saccade_seccomp_rule_masked(
    scmp_filter_ctx filter, uint32_t action, int call, unsigned argument, uint64_t mask, uint64_t value) {
  struct scmp_arg_cmp comparison = {argument, SCMP_CMP_MASKED_EQ, mask, value};
  return seccomp_rule_add_array(filter, action, call, 1, &comparison);
}

static inline int saccade_seccomp_rule_differs(
    scmp_filter_ctx filter, uint32_t action, int call, unsigned argument, uint64_t value) {
  struct scmp_arg_cmp comparison = {argument, SCMP_CMP_NE, value, 0};
  return seccomp_rule_add_array(filter, action, call, 1, &comparison);
}

/// Of linux/sched.h.
enum { SACCADE_CLONE_THREAD = 0x00010000 };

static inline int saccade_prctl(int option, unsigned long value) { return prctl(option, value, 0UL, 0UL, 0UL); }

/// Linux's landlock_create_ruleset, landlock_restrict_self (landlock(7)); the header of Debian 12 lacks later fields.
struct saccade_landlock_ruleset {
  uint64_t handled_access_fs;
  uint64_t handled_access_net;
  uint64_t scoped;
};

static inline long saccade_landlock_version(void) { return syscall(444, NULL, 0, 1U); }

static inline int saccade_landlock_create(const struct saccade_landlock_ruleset *ruleset, size_t size) {
  return (int)syscall(444, ruleset, size, 0U);
}

static inline int saccade_landlock_restrict(int ruleset) { return (int)syscall(446, ruleset, 0U); }

static inline int saccade_memfd(const char *name) { return (int)syscall(SYS_memfd_create, name, 1U /* MFD_CLOEXEC */); }

/// glibc's, which its header shows with other settings than Swift's.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
static inline int saccade_spawn_close_from(posix_spawn_file_actions_t *actions, int from) {
  return posix_spawn_file_actions_addclosefrom_np(actions, from);
}

static inline int saccade_open(const char *path) { return open(path, O_RDONLY | O_CLOEXEC); }
static inline long saccade_fork(void) { return syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL); }
static inline void *saccade_map_executable(void) {
  return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static inline long saccade_io_uring(void) { return syscall(SYS_io_uring_setup, 4U, NULL); }
static inline long saccade_ptrace(void) { return syscall(SYS_ptrace, 0L, 0L, NULL, NULL); }
