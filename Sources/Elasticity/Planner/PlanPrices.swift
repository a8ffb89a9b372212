/// US dollars, list prices of us-east-1 without free tiers, discounts and taxes: of S3 and SQS as of November 2026, of EC2
/// as of 2025.
package struct PlanPrices: Sendable, Equatable {
  /// A c7a.large: two cores with AVX512-BF16, Linux, on demand, by the second. https://aws.amazon.com/ec2/pricing/on-demand/
  package var instanceHour = 0.10264
  /// S3 Standard: 1 000 PUT requests. https://aws.amazon.com/s3/pricing/
  package var thousandPuts = 0.005
  /// 1 000 GET requests.
  package var thousandGets = 0.0004
  /// Standard queues: a million requests. https://aws.amazon.com/sqs/pricing/
  package var millionQueueRequests = 0.40

  package init() {}
}
