import AWS
import EventLoop

extension WebMetrics {
  /// Prometheus' text format 0.0.4.
  /// - Parameter index: Of this process, where there are several on its port.
  func text(ofProcess index: Int? = nil) -> String {
    var text = MetricsText(commonLabels: index.map { [(GroupMetrics.processLabel, "\($0)")] } ?? [])
    addRequests(to: &text)
    addUploads(to: &text)
    addGauges(to: &text)
    addCalls(to: &text)
    text.add(
      "saccade_build_info", .gauge, "Constant 1; what runs, and the id of this process.",
      [
        (
          labels: [
            ("version", BuildInfo.version), ("configuration", BuildInfo.configuration), ("node", node),
          ], value: 1
        )
      ])
    process.add(to: &text)
    return text.text
  }

  private func addRequests(to text: inout MetricsText) {
    text.add(
      "saccade_http_requests_total", .counter,
      "Requests answered, by route and status; 499 is a client that left before its answer.",
      requests.entries.map { key, value in
        (labels: [("route", key.route.text), ("status", "\(key.status)")], value: value)
      }.sorted { $0.labels.lazy.map(\.value).lexicographicallyPrecedes($1.labels.lazy.map(\.value)) })
    text.add(
      "saccade_problems_total", .counter, "Requests answered with a problem, by its code and status.",
      problems.map { key, value in
        (labels: [("code", key.code), ("status", "\(key.status)")], value: value)
      }.sorted { $0.labels.lazy.map(\.value).lexicographicallyPrecedes($1.labels.lazy.map(\.value)) })
    text.add(
      "saccade_images_total", .counter, "Images by what came of them.",
      images.entries.map { (labels: [("outcome", "\($0.key)")], value: $0.count) })
    text.add("saccade_upload_seconds", "From a request's head to its last image's being stored.", upload)
    text.add(
      "saccade_queue_wait_seconds", "From an image's receipt to a worker's taking its job, by two machines' clocks.",
      queueWait)
    text.add("saccade_inference_seconds", "The model's run on one image, as the worker says.", inference)
    text.add(
      "saccade_answer_seconds", "From a request's head to the bytes of its 200 being handed to the kernel.", total)
  }

  private func addUploads(to text: inout MetricsText) {
    text.add("saccade_uploads_total", .counter, "Files that began to come.", uploadCount)
    text.add("saccade_uploads_stored_total", .counter, "Files that are in the bucket.", storedUploadCount)
    text.add(
      "saccade_upload_received_bytes_total", .counter, "Bytes of the bodies of requests with images.",
      receivedByteCount)
    text.add(
      "saccade_upload_stored_bytes_total", .counter, "Bytes of the files that are in the bucket.", storedByteCount)
  }

  private func addGauges(to text: inout MetricsText) {
    text.add(
      "saccade_uploads_in_flight", .gauge, "Files on their way to S3, and requests let in to bring one.",
      storage.takenPlaceCount)
    text.add("saccade_uploads_in_flight_limit", .gauge, "The most there may be.", limits.uploadCountMax)
    text.add("saccade_upload_buffer_bytes", .gauge, "Memory of uploads.", storage.pool.usedByteCount)
    text.add(
      "saccade_upload_buffer_budget_bytes", .gauge, "What of it may be kept for replays.", limits.replayByteCountMax)
    text.add(
      "saccade_upload_removals", .gauge, "Uploads without a job that wait to be removed.", storage.removals.count)
    text.add("saccade_pending_answers", .gauge, "Images whose answer is waited for.", answers.count)
    text.add("saccade_pending_answers_limit", .gauge, "The most there may be.", limits.pendingAnswerCountMax)
    text.add("saccade_queued_jobs", .gauge, "Jobs that SQS has not taken yet.", sender.queuedCount)
    text.add("saccade_connections", .gauge, "Connections of clients.", connectionCount())
  }

  private func addCalls(to text: inout MetricsText) {
    text.add(
      "saccade_aws_calls_total", .counter, "Attempts of AWS calls.",
      attempts.map { key, value in
        (
          labels: [("service", key.service), ("operation", key.operation), ("outcome", key.outcome.rawValue)],
          value: value
        )
      })
    let costs = costs
    text.add(
      "saccade_aws_cost_dollars_total", .counter,
      "What this process's AWS calls cost by the list prices of us-east-1, in US dollars.",
      costs.map { (labels: [("operation", $0.operation)], value: $0.dollars) })
    text.add(
      "saccade_aws_cost_dollars_per_image", .gauge,
      "All of it, idle polls included, over the files stored; 0 before the first.",
      storedUploadCount > 0 ? costs.reduce(0) { $0 + $1.dollars } / Double(storedUploadCount) : 0.0)
  }
}
