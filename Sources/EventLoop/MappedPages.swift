import Glibc

/// Memory in pages of its own, zeroed: for buffers that are large, live long or change hands, and would else leave the heap
/// in pieces. It ends with munmap(2).
package func mapPages(byteCount: Int) -> UnsafeMutableRawBufferPointer {
  let pages = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  guard let pages, pages != MAP_FAILED else { preconditionFailure("no memory for \(byteCount) bytes of buffer") }
  return UnsafeMutableRawBufferPointer(start: pages, count: byteCount)
}
