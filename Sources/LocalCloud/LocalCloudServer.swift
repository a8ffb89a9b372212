// S3 and SQS for one machine, on one port, over files and SQLite: what Saccade talks to where there is no AWS.
// Promises: the wire protocol of S3 (path-style) and SQS (JSON) that the AWS SDKs and command line speak, signatures and
// checksums verified; what was acknowledged survives the end of the process by any means, and nothing shows half.
// One process a data folder. Every wait, buffer and count has a bound in `LocalCloudLimits`.
// Does not: users and policies (there is one key pair), versions, ACLs, encryption, TLS, replication.

package import AWS
package import EventLoop
import HTTP
import Logging

/// The local cloud, running from `start` until `shutdown`.
@LoopActor
package final class LocalCloudServer {
  package let credentials: Credentials
  package let localAddress: SocketAddress
  /// What clients take as their endpoint: `http://127.0.0.1:9000`.
  package var url: String { "http://\(localAddress)" }

  /// What was asked for so far.
  package let calls: CallCounts
  private let server: HTTPServer
  private let database: CloudDatabase
  private let queues: SQSService
  private let folder: DataFolder
  private let limits: LocalCloudLimits

  /// Opens the data folder, brings it in order, and serves.
  /// - Throws: `StorageError`, an error of the database's, or `UVError` when the address cannot be had.
  package static func start(_ configuration: LocalCloudConfiguration) async throws -> LocalCloudServer {
    let folder = try await EventLoop.shared.offload { try DataFolder(configuration.dataFolder) }
    let credentials = try await EventLoop.shared.offload { try CredentialsFile.loadOrCreate(folder.credentialsPath) }
    let database = try await CloudDatabase.open(
      at: folder.databasePath, isDurable: configuration.isDurable, migrator: CloudDatabase.migrator)
    let files = FileStore(folder: folder.path, isDurable: configuration.isDurable)
    if folder.wasLeftUnclean {
      let known = try await database.read { try ObjectTable.files($0) }
      let count = try await EventLoop.shared.offload { try files.sweep { known.contains($0) } }
      if count > 0 { configuration.logger.info("removed what never got a name", metadata: ["files": "\(count)"]) }
    }
    let objects = try await S3Service(
      database: database, files: files, limits: configuration.limits, logger: configuration.logger,
      now: configuration.now)
    let queues = try await SQSService(database: database)
    let front = CloudFront(
      objects: objects, queues: queues, authenticator: Authenticator(credentials, now: configuration.now),
      limits: configuration.limits, logger: configuration.logger)
    var limits = HTTPLimits()
    limits.bodyByteCountMax = nil
    limits.connectionCountMax = configuration.limits.connectionCountMax
    // Whoever may sign requests may have as many connections as there are; all of a machine's come from one address.
    limits.connectionsPerAddressMax = nil
    // Uploads come here as slowly as clients send them to the web tier, which bounds that itself.
    limits.bodyRateWindow = .seconds(60)
    // 5 GiB may take their time; a body that stalls is given up all the same.
    limits.requestDuration = nil
    let server = try HTTPServer(host: configuration.host, port: configuration.port, limits: limits) {
      await front.handle($0, $1)
    }
    return LocalCloudServer(
      server: server, calls: front.calls, credentials: credentials, database: database, queues: queues, folder: folder,
      limits: configuration.limits)
  }

  private init(
    server: HTTPServer, calls: CallCounts, credentials: Credentials, database: CloudDatabase, queues: SQSService,
    folder: DataFolder,
    limits: LocalCloudLimits
  ) {
    self.server = server
    self.calls = calls
    self.credentials = credentials
    self.database = database
    self.queues = queues
    self.folder = folder
    self.limits = limits
    localAddress = server.localAddress
  }

  /// Finishes what has begun, within the bound that `LocalCloudLimits` sets, and leaves a folder that needs no sweep.
  package func shutdown() async throws {
    // Long polls end first: nobody waits twenty seconds for messages that will not come.
    await queues.shutdown()
    await server.shutdown(within: limits.shutdownDuration)
    try await database.close()
    folder.close()
  }
}
