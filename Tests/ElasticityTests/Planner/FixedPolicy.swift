@testable import Elasticity

extension ElasticityPolicy {
  /// So many workers, whatever comes.
  static func fixed(_ count: Int) -> ElasticityPolicy {
    var policy = ElasticityPolicy.standard
    policy.minimum = count
    policy.maximum = count
    return policy
  }
}
