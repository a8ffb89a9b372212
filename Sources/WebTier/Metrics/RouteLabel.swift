/// A route as metrics name it: a fixed set, whatever paths are asked for.
enum RouteLabel {
  case root, images, result, events, health, readiness, metrics, asset, openAPI, other
  case admin, adminState, deadLetters, redrive
  case inferenceServer, inferenceLive, inferenceReady, model, modelReady, infer

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
    case "/openapi.json": self = .openAPI
    case _ where path.hasPrefix("/v1/results/"): self = .result
    case _ where path.hasPrefix("/assets/"): self = .asset
    default: self = InferencePath(path).map(RouteLabel.init) ?? .other
    }
  }

  /// A model's routes are the same with and without a version.
  private init(_ path: InferencePath) {
    switch path {
    case .server: self = .inferenceServer
    case .live: self = .inferenceLive
    case .ready: self = .inferenceReady
    case .model(_, _, .metadata): self = .model
    case .model(_, _, .readiness): self = .modelReady
    case .model(_, _, .inference): self = .infer
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
    case .openAPI: "/openapi.json"
    case .inferenceServer: "/v2"
    case .inferenceLive: "/v2/health/live"
    case .inferenceReady: "/v2/health/ready"
    case .model: "/v2/models/{name}"
    case .modelReady: "/v2/models/{name}/ready"
    case .infer: "/v2/models/{name}/infer"
    case .other: "other"
    }
  }
}
