import CLibuv

/// An error of the operating system as libuv reports it.
package struct UVError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A negative errno, or one of libuv's own codes.
  package let code: Int32

  package init(code: Int32) { self.code = code }

  package static let brokenPipe = UVError(code: UV_EPIPE.rawValue)
  package static let cancelled = UVError(code: UV_ECANCELED.rawValue)
  package static let connectionReset = UVError(code: UV_ECONNRESET.rawValue)
  package static let invalidArgument = UVError(code: UV_EINVAL.rawValue)
  package static let protocolViolation = UVError(code: UV_EPROTO.rawValue)
  package static let timedOut = UVError(code: UV_ETIMEDOUT.rawValue)

  /// For example `ECONNRESET`.
  package var name: String { String(cString: uv_err_name(code)) }
  /// For example `connection reset by peer`.
  package var message: String { String(cString: uv_strerror(code)) }
  package var description: String { "\(message) (\(name))" }
}

/// Throws what a libuv call returned, unless it succeeded.
@discardableResult
func check(_ status: Int32) throws(UVError) -> Int32 {
  if status < 0 { throw UVError(code: status) }
  return status
}
