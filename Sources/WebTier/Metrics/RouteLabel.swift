/// A route as metrics name it: a fixed set, whatever paths are asked for.
enum RouteLabel {
  case root, images, result, events, health, readiness, metrics, asset, other
  case admin, adminState, deadLetters, redrive

  init(path: String) {
    switch path {
    case "/": self = .root
    case "/v1/images": self = .images
    case "/v1/events": self = .events
    case "/admin": self = .admin
    case "/admin/state": self = .adminState
    case "/admin/dead-letters": self = .deadLetters
    case "/admin/redrive": self = .redrive
    case "/healthz": self = .health
    case "/readyz": self = .readiness
    case "/metrics": self = .metrics
    case _ where path.hasPrefix("/v1/results/"): self = .result
    case _ where path.hasPrefix("/assets/"): self = .asset
    default: self = .other
    }
  }

  /// Not a raw value: enumerations that have one are compared by it, as text.
  var text: String {
    switch self {
    case .root: "/"
    case .images: "/v1/images"
    case .result: "/v1/results/{id}"
    case .events: "/v1/events"
    case .admin: "/admin"
    case .adminState: "/admin/state"
    case .deadLetters: "/admin/dead-letters"
    case .redrive: "/admin/redrive"
    case .health: "/healthz"
    case .readiness: "/readyz"
    case .metrics: "/metrics"
    case .asset: "/assets/{version}/{name}"
    case .other: "other"
    }
  }
}
