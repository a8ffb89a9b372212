/// A route as metrics name it: a fixed set, whatever paths are asked for.
enum RouteLabel {
  case root, images, result, health, readiness, metrics, other

  init(path: String) {
    switch path {
    case "/": self = .root
    case "/v1/images": self = .images
    case "/healthz": self = .health
    case "/readyz": self = .readiness
    case "/metrics": self = .metrics
    default: self = path.hasPrefix("/v1/results/") ? .result : .other
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
    case .other: "other"
    }
  }
}
