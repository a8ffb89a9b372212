/// Every bound of what the web tier tells of its own doing, its default and the reason for it.
package struct ActivityLimits: Sendable {
  /// Event streams at once; further ones are refused with 503. Each holds a connection and is written to once a second:
  /// enough for every screen of a team, and a hundredth of the connections.
  package var streamCountMax = 100
  /// Between two events, and two looks at the counters.
  package var tick: Duration = .seconds(1)
  /// What a client waits before it connects again. A stopped process has a successor by then.
  package var reconnectDelay: Duration = .seconds(2)
  /// Rates are over so many ticks: long enough not to flicker, short enough to follow a burst.
  package var rateTickCount = 5
  /// Between two looks at the request queue while anybody watches. Each is a call: 1800 an hour, 0.0007 $ by SQS's list
  /// price, however many watch.
  package var queuePause: Duration = .seconds(2)
  /// Between two looks at the dead-letter queue while the operators' page is open: 360 an hour, 0.00015 $.
  package var deadLetterPause: Duration = .seconds(10)
  /// For how long after a request of its data the operators' page counts as open: some of its polls.
  package var adminInterest: Duration = .seconds(10)
  /// Ticks from one sample of the history to the next.
  package var historyTickCount = 5
  /// Samples of the history, some 250 bytes each: ten minutes.
  package var historySampleCount = 120
  /// Workers that are remembered, at some 150 bytes each: more than a queue's policy ever starts.
  package var workerCountMax = 1000
  /// For how long after its last answer.
  package var workerKeptDuration: Duration = .seconds(300)
  /// Requests answered with a problem that are remembered: so many of the service's faults, and as many refusals, so that
  /// what strangers do wrong does not hide what the service did.
  package var problemCountMax = 64
  /// Such an answer as a whole; of a longer one only its code is kept.
  package var problemByteCountMax = 2048
  /// What is shown of such an answer's detail.
  package var problemDetailByteCountMax = 256

  /// How long another process on the port may take to tell its figures; then they are left out.
  package var peerTimeout: Duration = .seconds(1)
  /// Connections from the other processes on the port: more than there are of them, twice for an upgrade.
  package var peerConnectionCountMax = 256

  package init() {}
}
