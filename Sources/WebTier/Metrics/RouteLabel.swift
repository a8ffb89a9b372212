/// A route as metrics name it: a fixed set, whatever paths are asked for.
enum RouteLabel {
  case root, images, result, health, readiness, metrics, asset, other

  init(path: String) {
    switch path {
    case "/": self = .root
    case "/v1/images": self = .images
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
    case .health: "/healthz"
    case .readiness: "/readyz"
    case .metrics: "/metrics"
    case .asset: "/assets/{version}/{name}"
    case .other: "other"
    }
  }
}
