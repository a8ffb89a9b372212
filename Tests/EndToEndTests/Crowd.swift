import EventLoop

/// Many clients at once, each asking again as soon as it is answered: visitors on a new connection each time, regulars on
/// one for as long as the server keeps it.
@LoopActor
final class Crowd {
  private let address: SocketAddress
  private var tasks: [Task<Void, Never>] = []
  private var isStopping = false
  private(set) var answerCount = 0
  private(set) var failures: [String] = []

  init(_ address: SocketAddress) { self.address = address }

  func start(visitors: Int, regulars: Int) {
    tasks += (0..<visitors).map { _ in EventLoop.shared.spawn { [self] in await visit(isRegular: false) } }
    tasks += (0..<regulars).map { _ in EventLoop.shared.spawn { [self] in await visit(isRegular: true) } }
  }

  func stop() async {
    isStopping = true
    for task in tasks { await task.value }
  }

  private func visit(isRegular: Bool) async {
    while !isStopping {
      do {
        let visitor = try await Visitor(address)
        defer { visitor.close() }
        var isLast = false
        repeat {
          let answer = try await visitor.get("/healthz")
          isLast = answer.isLast
          answerCount += 1
          if answer.status != 200 { failures.append("status \(answer.status)") }
        } while isRegular && !isLast && !isStopping
      } catch {
        failures.append("\(isRegular ? "regular" : "visitor"): \(error)")
      }
    }
  }
}
