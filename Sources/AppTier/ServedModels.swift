package import EventLoop
package import Logging
import Synchronization

/// A worker's models, and how they are replaced without a pause.
@LoopActor
package final class ServedModels {
  /// What jobs that begin now are answered with.
  package private(set) var catalog: ModelCatalog
  private var isReloading = false
  /// Asked for while one was under way, which may have read the files before they changed.
  private var isReloadDue = false

  package init(_ catalog: ModelCatalog) { self.catalog = catalog }

  /// Loads the models anew on a thread of libuv's pool, and then serves them instead, all in one step. Jobs go on
  /// meanwhile; those under way end with the model they began with. When loading fails nothing changes but the log.
  ///
  /// Calls during a reload add up to one more after it. The pool needs a thread beside those of the inferences.
  /// - Parameter load: blocks its thread until the models are ready to answer.
  package func reload(logger: Logger, _ load: @escaping @Sendable () throws -> ModelCatalog) async {
    isReloadDue = true
    guard !isReloading else { return }
    isReloading = true
    defer { isReloading = false }
    while isReloadDue {
      isReloadDue = false
      await replace(logger, load)
    }
  }

  private func replace(_ logger: Logger, _ load: @escaping @Sendable () throws -> ModelCatalog) async {
    let start = ContinuousClock.now
    do {
      let former = Former(catalog)
      catalog = try await EventLoop.shared.offload { try load() }
      // Unless a job has one still: to free a model takes milliseconds that the loop has better uses for.
      await EventLoop.shared.offload { former.release() }
      let names = catalog.models.map(\.title).joined(separator: ", ")
      logger.info("serving \(names), loaded in \(ContinuousClock.now - start)")
    } catch {
      logger.error("the models stay as they were: \(error)")
    }
  }
}

/// What is let go on another thread than it was held on.
private final class Former: Sendable {
  private let catalog: Mutex<ModelCatalog?>

  init(_ catalog: ModelCatalog) { self.catalog = Mutex(catalog) }

  func release() { catalog.withLock { $0 = nil } }
}

extension ImageRecognition {
  /// Name and version, for people.
  package var title: String { modelVersion.map { "\(modelName) \($0)" } ?? modelName }
}
