import AWS
import HTTP
import Jobs

/// Why a request did not become answers. Translated into a ``Problem`` once, at the HTTP edge.
enum SubmissionError: Error {
  case body(RequestBodyError)
  case malformedForm(MultipartError)
  case unsupportedMediaType(String?)
  case noFile
  case tooManyFiles(countMax: Int)
  /// One of the files; its name is set where the form has several.
  case upload(UploadError, fileName: String)
  /// The request queue did not take the job.
  case queue(String)
  /// The job cannot be written as a message: a configured name is out of all proportion.
  case job(JobMessageError)
  case tooManyPending
  /// Uploads under way hold all the memory there is for them.
  case outOfMemory
  /// The query's escapes cannot be decoded.
  case malformedQuery
  /// What names the model cannot be a name.
  case malformedModel
  /// Two models are asked for.
  case contradictoryModels
  /// The field that names the model comes after a file.
  case modelAfterFile
  /// A form names a model that is needed before the form is read.
  case modelOfIdempotentForm
  case malformedIdempotencyKey(byteCountMax: Int)
  /// What the buckets hold already could not be read.
  case results(AWSError)
  case inference(InferenceError)
  /// The client has gone; nobody reads the answer.
  case cancelled
}
