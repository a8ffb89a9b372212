import AWS

/// A whole response.
struct LoadResponse {
  var status = 0
  var headers = ResponseHeaders()
  var body: [UInt8] = []
}
