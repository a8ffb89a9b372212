package import Foundation

/// What one machine's Saccade tells of itself to those who ask.
package struct MachineState: Sendable, Equatable, Codable {
  /// Of the process that supervises all others.
  package var pid: Int32
  package var startedAt: Date
  /// Of the web tier.
  package var url: String
  package var fleet: FleetState

  package init(pid: Int32, startedAt: Date, url: String, fleet: FleetState) {
    self.pid = pid
    self.startedAt = startedAt
    self.url = url
    self.fleet = fleet
  }

  /// With times of RFC 3339.
  package var json: Data {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { preconditionFailure("texts, times and numbers can be encoded") }
    return data
  }

  /// - Throws: `DecodingError`.
  package init(json data: Data) throws {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    self = try decoder.decode(MachineState.self, from: data)
  }
}
