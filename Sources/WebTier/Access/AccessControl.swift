import EventLoop
import HTTP
import Logging

/// Who may use the web tier, and how much: asked about every request before anything else, and before its body is read.
///
/// A feature that is off costs a look at an optional; keys cost one SHA-256 and a comparison with each known hash.
@LoopActor
final class AccessControl {
  private let configuration: AccessConfiguration
  private let logger: Logger
  private let crossOrigin: CrossOriginPolicy?
  /// `nil`: everybody may.
  private var keys: APIKeyTable?
  private var addresses: AddressBuckets

  /// Reads the file of keys.
  /// - Throws: `APIKeyFileError`: a tier that was to be closed does not start open.
  init(_ configuration: AccessConfiguration, logger: Logger) throws(APIKeyFileError) {
    self.configuration = configuration
    self.logger = logger
    crossOrigin = configuration.allowedOrigins.isEmpty ? nil : CrossOriginPolicy(configuration.allowedOrigins)
    addresses = AddressBuckets(countMax: configuration.limits.addressCountMax)
    if let path = configuration.keyFile { keys = try APIKeyFile.read(path, limits: configuration.limits) }
  }

  /// Reads the file of keys again. One that is broken changes nothing.
  func reload() async {
    guard let path = configuration.keyFile else { return }
    let limits = configuration.limits
    do throws(APIKeyFileError) {
      var table = try await EventLoop.shared.offload { () throws(APIKeyFileError) in
        try APIKeyFile.read(path, limits: limits)
      }
      if let keys { table.inheritBuckets(of: keys) }
      keys = table
      logger.info("\(table.entries.count) API keys are known")
    } catch {
      logger.error("the API keys stay as they were: \(error)")
    }
  }

  /// The answer to a page that asks whether it may send a request; nil for any other request. What operators have is no
  /// other page's.
  func preflight(_ request: HTTPRequest) -> HTTPResponse? {
    guard let crossOrigin, !AdminAccess.covers(request.head.path) else { return nil }
    return crossOrigin.preflight(request.head)
  }

  /// Lets pages of other origins read an answer, whoever gave it, if they may.
  func mark(_ response: inout HTTPResponse, to request: HTTPRequest) {
    guard let crossOrigin, !AdminAccess.covers(request.head.path) else { return }
    crossOrigin.mark(&response, to: request.head)
  }

  /// Says on the request who sent it.
  /// - Returns: `nil` when the request may go on.
  func refusal(of request: HTTPRequest) -> HTTPResponse? {
    if let peer = request.peerAddress, !configuration.trustedProxies.isEmpty {
      request.clientAddress = ForwardedAddress.client(
        of: peer, request.head.headers, trusting: configuration.trustedProxies)
    }
    let isAdmin = AdminAccess.covers(request.head.path)
    if keys == nil, configuration.addressRate == nil, !isAdmin { return nil }
    // Load balancers ask these, without keys and as often as they like; the answers cost and tell next to nothing.
    if AccessControl.isProbe(request.head.path) { return nil }
    // Before the keys, so that guessing them is limited too.
    if let rate = configuration.addressRate, let client = request.clientAddress,
      let wait = addresses.take(client.subscriber, rate, at: .now)
    {
      return AccessProblem.tooManyRequests(wait)
    }
    if isAdmin, !AdminAccess.isPage(request.head), let refusal = AdminAccess.refusalOfOrigin(of: request.head) {
      return refusal
    }
    guard keys != nil else { return isAdmin ? AdminAccess.refusalWithoutKeys(of: request) : nil }
    guard let digest = PresentedKey.digest(in: request.head.headers) else {
      return AccessControl.isForEverybody(request.head) ? nil : AccessProblem.keyMissing
    }
    guard let index = keys?.index(of: digest) else { return AccessProblem.keyUnknown }
    request.clientName = keys?.entries[index].name
    if isAdmin, !AdminAccess.isPage(request.head), keys?.entries[index].isAdmin != true {
      return AdminAccess.keyIsNoOperators
    }
    return keys?.take(index, orBy: configuration.keyRate) { .now }.map(AccessProblem.tooManyRequests)
  }

  private static func isProbe(_ path: String) -> Bool {
    path == "/healthz" || path == "/readyz" || path == "/v2/health/live" || path == "/v2/health/ready"
  }

  /// The pages themselves, which ask for the key, and what they load: the same for everybody, and in everybody's hands already.
  private static func isForEverybody(_ head: HTTPRequestHead) -> Bool {
    guard head.method == .get || head.method == .head else { return false }
    return head.path == "/" || head.path == AdminAccess.path || head.path == StaticFiles.openAPIPath
      || head.path.hasPrefix(StaticFiles.path)
  }
}
