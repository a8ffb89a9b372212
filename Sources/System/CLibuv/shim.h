#pragma once
#include <malloc.h>
#include <sys/prctl.h>
#include <uv.h>

/// prctl is variadic, which Swift cannot call.
static inline int saccade_set_parent_death_signal(int signal) {
  return prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0UL, 0UL, 0UL);
}

/// glibc keeps up to `kept` freed bytes at the end of its heap, and maps single allocations from `mapped` bytes on. Its
/// header is in no Swift module.
static inline void saccade_set_malloc_thresholds(int kept, int mapped) {
  mallopt(M_TRIM_THRESHOLD, kept);
  mallopt(M_MMAP_THRESHOLD, mapped);
}
