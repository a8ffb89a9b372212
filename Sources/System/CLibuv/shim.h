#pragma once
#include <sys/prctl.h>
#include <uv.h>

/// prctl is variadic, which Swift cannot call.
static inline int saccade_set_parent_death_signal(int signal) {
  return prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0UL, 0UL, 0UL);
}
