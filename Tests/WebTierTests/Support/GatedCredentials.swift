import AWS
import EventLoop

/// Credentials that come when the test says so. Until then a call has begun and nothing of it is sent: for the web tier,
/// a service as slow as can be, without any of the kernel's buffers between.
@LoopActor final class GatedCredentials: CredentialsProvider {
  private let fixed: Credentials
  private var isOpen = true
  private var waiters: [CheckedContinuation<Void, Never>] = []

  init(_ credentials: Credentials) { fixed = credentials }

  var ready: Credentials? { isOpen ? fixed : nil }

  func credentials() async throws(CredentialsError) -> Credentials {
    while !isOpen { await withCheckedContinuation { waiters.append($0) } }
    return fixed
  }

  /// Calls that wait.
  var waitingCount: Int { waiters.count }

  func close() { isOpen = false }

  func open() {
    isOpen = true
    for waiter in waiters { waiter.resume() }
    waiters = []
  }
}
