import CSeccomp
import Glibc

/// A process that decodes images, one at a time, and may do nothing else: `DecoderService` is what runs in it.
///
/// Whatever its bytes make it do, here it is a reply, right or wrong, or its end. It is killed when it is let go, and it ends
/// by itself when this process does, however that comes about. For one thread at a time.
final class DecoderProcess: @unchecked Sendable {
  let processIdentifier: pid_t
  private let channel: Int32
  /// Files go in and pixels come out by reading and writing it: memory that another process can change is not mapped here.
  private let memory: Int32
  private let limits: ImageLimits
  private var hasEnded = false

  /// Descriptors in the child.
  static let channelDescriptor: Int32 = 3
  static let memoryDescriptor: Int32 = 4

  /// How much of the shared memory is kept for the next image.
  private static let keptByteCount = 1 << 20
  /// Of what a decoder is told by its environment: where libraries are. Credentials are none of its business.
  private static let environmentNames = ["LD_LIBRARY_PATH", "LIBHEIF_PLUGIN_PATH"]

  /// Starts it, and does not wait until it is ready.
  init(executable: String, limits: ImageLimits) throws(StartFailure) {
    var ends: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw StartFailure("socketpair", errno)
    }
    let memory = saccade_memfd("saccade-image")
    guard memory >= 0, ftruncate(memory, Self.keptByteCount) == 0 else {
      let number = errno
      for end in ends + [memory] where end >= 0 { close(end) }
      throw StartFailure("memfd_create", number)
    }
    let (status, child) = Self.spawn(executable, channel: ends[1], memory: memory)
    close(ends[1])
    guard status == 0 else {
      close(ends[0])
      close(memory)
      throw StartFailure(executable, status)
    }
    processIdentifier = child
    channel = ends[0]
    self.memory = memory
    self.limits = limits
    _ = transmit(DecoderStart(limits).bytes)
  }

  deinit { _ = end() }

  struct StartFailure: Error {
    let text: String

    init(_ text: String) { self.text = text }
    init(_ call: String, _ number: Int32) { text = "\(call): \(String(cString: strerror(number)))" }
  }

  /// Why there are no pixels.
  enum Failure: Error {
    /// The image's fault, as the decoder found.
    case refused(DecodeError)
    case late
    /// It is no more.
    case ended
    /// It said something that no decoder of ours says.
    case nonsense
  }

  /// Waits for the first reply: what confines it.
  func awaitReady(within patience: Duration) throws(StartFailure) -> String {
    let reply: DecoderReply
    do { reply = try receive(until: .now + patience) } catch { throw StartFailure("it did not start (\(error))") }
    switch reply {
    case .ready(let text): return text
    case .failed(let reason): throw StartFailure(reason)
    case .decoded, .refused: throw StartFailure("it said something else first")
    }
  }

  /// - Parameter file: no longer than `limits.byteCountMax`.
  func decode(
    _ file: Span<UInt8>, inputSide: Int, resizeSide: Int
  ) throws(Failure) -> PixelTensor {
    let tensorByteCount = inputSide * inputSide * 3
    let sharedByteCount = max(file.count, tensorByteCount, Self.keptByteCount)
    if sharedByteCount > Self.keptByteCount, ftruncate(memory, sharedByteCount) != 0 { throw .ended }
    defer { if sharedByteCount > Self.keptByteCount { ftruncate(memory, Self.keptByteCount) } }
    let deadline = ContinuousClock.now + limits.decodingTimeMax
    guard file.withUnsafeBytes({ write($0) }) else { throw .ended }
    let request = DecoderRequest(inputSide: inputSide, resizeSide: resizeSide, fileByteCount: file.count)
    guard transmit(request.bytes) else { throw .ended }
    switch try receive(until: deadline) {
    case .ready, .failed: throw .nonsense
    case .refused(let error): throw .refused(error)
    case .decoded:
      // Copied once and used from the copy: the other side may go on writing.
      var isWhole = false
      let pixels = [UInt8](unsafeUninitializedCapacity: tensorByteCount) { buffer, count in
        isWhole = read(UnsafeMutableRawBufferPointer(buffer))
        count = isWhole ? tensorByteCount : 0
      }
      guard isWhole else { throw .nonsense }
      return PixelTensor(side: inputSide, bytes: pixels)
    }
  }

  /// Ends it, if it has not ended by itself, and leaves nothing of it.
  /// - Returns: the signal that ended it, SIGKILL when that was this call.
  @discardableResult
  func end() -> Int32? {
    guard !hasEnded else { return nil }
    hasEnded = true
    // Until it is waited for, the number is its own. One that is ending already keeps its cause.
    kill(processIdentifier, SIGKILL)
    close(channel)
    close(memory)
    var status: Int32 = 0
    while waitpid(processIdentifier, &status, 0) < 0 {
      // Where SIGCHLD is ignored the kernel does not tell.
      guard errno == EINTR else { return nil }
    }
    return status & 0x7F == 0 ? nil : status & 0x7F
  }

  // MARK: Starting

  private static func spawn(_ executable: String, channel: Int32, memory: Int32) -> (status: Int32, child: pid_t) {
    // Out of the way of the numbers that they get in the child.
    let (far, farMemory) = (fcntl(channel, F_DUPFD_CLOEXEC, 16), fcntl(memory, F_DUPFD_CLOEXEC, 16))
    defer { for descriptor in [far, farMemory] where descriptor >= 0 { close(descriptor) } }
    guard far >= 0, farMemory >= 0 else { return (errno, 0) }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for descriptor: Int32 in 0...2 {
      posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
    }
    posix_spawn_file_actions_adddup2(&actions, far, channelDescriptor)
    posix_spawn_file_actions_adddup2(&actions, farMemory, memoryDescriptor)
    saccade_spawn_close_from(&actions, memoryDescriptor + 1)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    // A terminal's Ctrl-C is for the worker, which finishes what it has begun.
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))

    let environment = environmentNames.compactMap { name in getenv(name).map { name + "=" + String(cString: $0) } }
    var arguments = ["saccade-worker", "decode"].map { (text: String) in strdup(text) } + [nil]
    var variables = environment.map { strdup($0) } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var child: pid_t = 0
    let status = posix_spawn(&child, executable, &actions, &attributes, &arguments, &variables)
    return (status, child)
  }

  // MARK: Channel and memory

  private func transmit(_ packet: [UInt8]) -> Bool {
    // One packet at a time is under way, so there is always room.
    send(channel, packet, packet.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)) == packet.count
  }

  private func receive(until deadline: ContinuousClock.Instant) throws(Failure) -> DecoderReply {
    var entry = pollfd(fd: channel, events: Int16(POLLIN), revents: 0)
    while true {
      let left = ContinuousClock.now.duration(to: deadline)
      guard left > .zero else { throw .late }
      let result = poll(&entry, 1, Int32(clamping: Int((left / .milliseconds(1)).rounded(.up))))
      if result > 0 { break }
      guard result == 0 || errno == EINTR else { throw .ended }
    }
    // A byte more than is allowed, so that more is seen to be.
    var count = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: DecoderReply.byteCountMax + 1) { buffer, initialized in
      count = recv(channel, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
      initialized = max(0, count)
    }
    guard count > 0 else { throw .ended }
    guard let reply = DecoderReply(bytes.span) else { throw .nonsense }
    return reply
  }

  private func write(_ file: UnsafeRawBufferPointer) -> Bool {
    var position = 0
    while position < file.count {
      let count = pwrite(memory, file.baseAddress! + position, file.count - position, position)
      guard count > 0 else { return false }
      position += count
    }
    return true
  }

  private func read(_ pixels: UnsafeMutableRawBufferPointer) -> Bool {
    var position = 0
    while position < pixels.count {
      let count = pread(memory, pixels.baseAddress! + position, pixels.count - position, position)
      guard count > 0 else { return false }
      position += count
    }
    return true
  }
}
