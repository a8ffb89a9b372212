import Testing

/// Everything that runs the web tier in this process: one after the other, since all share its loop, and the last tests
/// look at what is left open there.
@Suite("Web tier", .serialized)
struct WebTierTests {}
