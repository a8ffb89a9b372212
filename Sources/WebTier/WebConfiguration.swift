package import EventLoop
package import HTTP
package import Jobs

/// What one web process is told at its start.
package struct WebConfiguration: Sendable {
  /// A numeric address to listen on.
  package var host: String
  /// 0 lets the system choose.
  package var port: Int
  package var inputBucket: String
  package var outputBucket: String
  /// What the names of all queues of this installation begin with.
  package var queuePrefix: String
  /// The descriptor of a socket that is bound already, to listen on instead of host and port.
  package var inheritedSocket: Int32?
  /// Which of the processes on one port this is, from 0 on.
  package var processIndex = 0
  /// How the others are asked for their figures; `nil` where there are none.
  package var peers: PeerConfiguration?
  /// The models that workers have as far as it is known; others may be asked for all the same.
  package var models: [ModelName] = []
  package var limits = WebLimits()
  /// Of connections and of how fast clients must be; the body's size is `limits`' to bound.
  package var http = HTTPLimits()
  package var access = AccessConfiguration()
  /// Serves HTTPS with this certificate, and HTTP without one.
  package var tls: TLSFiles?
  /// Other processes on the port have the same.
  package var tickets = TLSTicketKeys()
  /// Who knows of the workers; nil where nobody does, as on AWS and in clusters.
  package var fleet: FleetSource?
  /// nil: no line for any request.
  package var accessLog: AccessLog.Configuration?

  package init(host: String, port: Int, inputBucket: String, outputBucket: String, queuePrefix: String) {
    self.host = host
    self.port = port
    self.inputBucket = inputBucket
    self.outputBucket = outputBucket
    self.queuePrefix = queuePrefix
  }
  /// The same, with another one to ask about the workers: made on the loop, as its source is.
  package func with(fleet: FleetSource?) -> WebConfiguration {
    var configuration = self
    configuration.fleet = fleet
    return configuration
  }
}
