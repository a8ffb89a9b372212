import CLibuv

/// Freed memory that stays with the process; more goes back to the kernel.
private let keptByteCountMax: Int32 = 32 << 20
/// Allocations from here on are mapped, and unmapped, one by one.
private let mappedByteCountMin: Int32 = 1 << 20

/// Tells malloc not to give memory back whenever a few hundred kilobytes are free. A process that moves images allocates
/// and frees buffers of that size all the time; with glibc's defaults each upload then pays for fresh, zeroed pages, which
/// was a sixth of its cost.
package func keepFreedMemory() {
  saccade_set_malloc_thresholds(keptByteCountMax, mappedByteCountMin)
}
