import CSeccomp
import CVips
import Glibc
import Sandbox

/// What runs in a decoder process: loads and warms up the libraries, gives up all that decoding does not need, and then decodes
/// one image after the other until the channel to its worker closes.
package enum DecoderService {
  /// Ends the process. Its descriptors are those that `DecoderProcess` gives it.
  package static func run() -> Never {
    // A service manager stops all processes of a worker; the worker has images to finish.
    signal(SIGTERM, SIG_IGN)
    signal(SIGHUP, SIG_IGN)
    let channel = DecoderProcess.channelDescriptor
    guard let packet = receive(DecoderStart.byteCount, from: channel), let start = DecoderStart(packet.span) else {
      _exit(64)
    }
    let limits = start.limits
    do {
      let shared = try SharedMemory(limits)
      warmUp()
      let confinement = try Confinement(memoryByteCountMax: limits.decoderByteCountMax).apply()
      try endWithChannel(channel)
      reply(.ready(confinement), to: channel)
      serve(channel, shared, limits)
    } catch {
      reply(.failed("\(error)"), to: channel)
      _exit(1)
    }
  }

  /// Does what needs files, once, so that none is missed later: loads what libraries load when they meet a format.
  package static func warmUp() {
    let decoder = ImageDecoder()
    let side = 300
    let grey = [UInt8](repeating: 128, count: side * side * 4)
    for (suffix, bandCount) in [(".jpg", 3), (".jpg", 4), (".png", 4), (".gif", 3), (".webp", 3), (".tif", 3)] {
      grey.withUnsafeBytes { bytes in
        guard
          let image = vips_image_new_from_memory(
            bytes.baseAddress, side * side * bandCount, Int32(side), Int32(side), Int32(bandCount), VIPS_FORMAT_UCHAR)
        else { return }
        defer { g_object_unref(image) }
        image.pointee.Type = suffix == ".jpg" && bandCount == 4 ? VIPS_INTERPRETATION_CMYK : VIPS_INTERPRETATION_sRGB
        var file: UnsafeMutableRawPointer?
        var count = 0
        // An installation may lack a format's writer.
        guard saccade_vips_encode(image, suffix, &file, &count) == 0, let file else { return vips_error_clear() }
        defer { g_free(file) }
        _ = try? decoder.decode(UnsafeRawBufferPointer(start: file, count: count).bindMemory(to: UInt8.self).span)
      }
    }
    // libheif looks for its codecs when it opens a file, whatever the file.
    let heif: [UInt8] = [0, 0, 0, 16] + Array("ftypavif".utf8) + [0, 0, 0, 0] + [UInt8](repeating: 0, count: 64)
    _ = try? decoder.decode(heif.span)
  }

  private static func serve(_ channel: Int32, _ shared: SharedMemory, _ limits: ImageLimits) -> Never {
    while true {
      guard let packet = receive(DecoderRequest.byteCount, from: channel),
        let request = DecoderRequest(packet.span)
      else { _exit(0) }
      let decoder = ImageDecoder(inputSide: request.inputSide, resizeSide: request.resizeSide, limits: limits)
      do throws(DecodeError) {
        shared.put(try decoder.decode(shared.file(ofByteCount: request.fileByteCount).span))
        reply(.decoded, to: channel)
      } catch {
        reply(.refused(error), to: channel)
      }
    }
  }

  /// A packet; nil when it has another length, and when the other side is gone.
  private static func receive(_ byteCount: Int, from channel: Int32) -> [UInt8]? {
    var count = -1
    let packet = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, initialized in
      repeat {
        count = recv(channel, buffer.baseAddress, byteCount, Int32(MSG_TRUNC))
      } while count < 0 && errno == EINTR
      initialized = min(max(0, count), byteCount)
    }
    return count == byteCount ? packet : nil
  }

  private static func reply(_ reply: DecoderReply, to channel: Int32) {
    let bytes = reply.bytes
    _ = send(channel, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// A thread that ends the process with the worker, even in the middle of an image.
  private static func endWithChannel(_ channel: Int32) throws(ConfinementError) {
    var thread = pthread_t()
    let result = pthread_create(
      &thread, nil,
      { _ in
        // Nothing is asked for: that the other side is gone is told all the same.
        var entry = pollfd(fd: DecoderProcess.channelDescriptor, events: 0, revents: 0)
        while poll(&entry, 1, -1) <= 0 {}
        _exit(0)
      }, nil)
    guard result == 0 else { throw ConfinementError(step: "pthread_create", number: result) }
  }
}

/// The memory that the worker puts files into, as the decoder sees it: mapped once, in the greatest length it can have.
private struct SharedMemory {
  private let bytes: UnsafeMutableRawBufferPointer

  init(_ limits: ImageLimits) throws(ConfinementError) {
    let byteCount = max(limits.byteCountMax, Model.inputSizeMax * Model.inputSizeMax * 3)
    let memory = DecoderProcess.memoryDescriptor
    guard
      let address = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0), address != MAP_FAILED
    else { throw ConfinementError(step: "mmap", number: errno) }
    close(memory)
    bytes = UnsafeMutableRawBufferPointer(start: address, count: byteCount)
  }

  func file(ofByteCount count: Int) -> UnsafeBufferPointer<UInt8> {
    precondition((1...bytes.count).contains(count), "the worker checks the length")
    return UnsafeRawBufferPointer(rebasing: bytes[..<count]).bindMemory(to: UInt8.self)
  }

  func put(_ pixels: PixelTensor) { bytes.copyBytes(from: pixels.bytes) }
}
