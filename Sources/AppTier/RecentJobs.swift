import DequeModule
import Jobs

/// The jobs a worker has finished last: SQS may deliver a message twice even while nothing is wrong, and what was done a
/// moment ago is known here without asking anybody. The oldest is forgotten first.
struct RecentJobs {
  private let countMax: Int
  private var ids: Set<JobID> = []
  private var order: Deque<JobID> = []

  init(countMax: Int) {
    precondition(countMax > 0)
    self.countMax = countMax
  }

  func contains(_ id: JobID) -> Bool { ids.contains(id) }

  mutating func insert(_ id: JobID) {
    guard ids.insert(id).inserted else { return }
    if order.count == countMax, let oldest = order.popFirst() { ids.remove(oldest) }
    order.append(id)
  }
}
