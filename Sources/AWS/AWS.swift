// What the service says to S3, SQS, Auto Scaling and STS, and how: signatures, credentials, retries, transport, the clients.
// Promises: signatures as AWS computes them, for signing and for verifying; credentials from the places the AWS
// SDKs look, refreshed before they expire; retries bounded by attempts and by a quota shared by all calls.
// Everything that can be a value without I/O is one: time and randomness are passed in.
// Does not: know buckets, jobs or images, block the loop, or keep secrets in anything that prints itself.
