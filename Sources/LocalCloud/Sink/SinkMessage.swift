/// A message in memory.
struct SinkMessage: Sendable {
  let contents: MessageContents
  let sentAt: EpochTime
}
