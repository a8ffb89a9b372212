import Glibc

/// How inference is run.
package struct ClassifierOptions: Sendable, Equatable {
  package enum Precision: String, Sendable, CaseIterable {
    /// bfloat16 where the processor computes with it (AVX512-BF16, AMX), else float32.
    case automatic
    case bfloat16 = "bf16"
    case float32 = "f32"
    /// 8-bit integers, of a file of its own (`model-int8.xml`); what is not quantised is computed as in `automatic`.
    case int8
  }

  package var precision = Precision.automatic

  /// How many inferences run at once, each on a core; a caller beyond that waits its turn. Each costs some 50 MB, without
  /// batches 20.
  package var concurrency: Int

  /// Where compiled models are kept so that the next process starts faster; nil keeps none. Created when absent.
  package var cacheDirectory: String?

  /// How many images one inference takes where so many wait; nil takes what measures fastest for the precision. A model
  /// that cannot take several at once takes one, whatever this says.
  package var batchSize: Int?

  /// What `batchSize` may be: beyond that each image costs more again, since the layers' data leave the core's caches.
  package static let batchSizeRange = 1...16

  /// How many classes an answer names.
  package var topCount = 5

  /// `concurrency` is by default the number of cores.
  package init(concurrency: Int? = nil, cacheDirectory: String? = nil) {
    self.concurrency = concurrency ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    self.cacheDirectory = cacheDirectory
  }
}
