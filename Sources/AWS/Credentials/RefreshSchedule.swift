import FoundationEssentials

/// When credentials that expire are replaced: early and in the background, or, late, before they are used again.
struct RefreshSchedule {
  /// From here on a refresh runs beside the requests.
  static let advisorySeconds = 300.0
  /// From here on requests wait for it.
  static let mandatorySeconds = 60.0
  /// After a failed refresh, while the old credentials are still good.
  static let retryIntervalSeconds = 10.0

  enum Step: Equatable {
    case use(Credentials)
    case useAndRefresh(Credentials)
    /// Refresh first; should that fail, these are still good.
    case refresh(orUse: Credentials?)
  }

  private(set) var credentials: Credentials?
  private var lastFailure: Date?

  func step(at now: Date) -> Step {
    guard let credentials else { return .refresh(orUse: nil) }
    guard let expiration = credentials.expiration else { return .use(credentials) }
    let remaining = expiration.timeIntervalSince(now)
    guard remaining > 0 else { return .refresh(orUse: nil) }
    guard remaining <= Self.advisorySeconds else { return .use(credentials) }
    if let lastFailure, now.timeIntervalSince(lastFailure) < Self.retryIntervalSeconds, lastFailure <= now {
      return .use(credentials)
    }
    return remaining <= Self.mandatorySeconds ? .refresh(orUse: credentials) : .useAndRefresh(credentials)
  }

  mutating func succeed(_ credentials: Credentials) {
    self.credentials = credentials
    lastFailure = nil
  }

  mutating func fail(at now: Date) { lastFailure = now }

  /// The service says that they have expired, whatever their date.
  mutating func invalidate(_ refused: Credentials) {
    if credentials == refused { credentials = nil }
  }
}
