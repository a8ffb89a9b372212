import AWS
import Foundation
import Testing

@Suite("the shared config and credentials files")
struct SharedFileTests {
  private func parse(_ text: String) throws(SharedFileError) -> SharedFile {
    try SharedFile(parsing: text, path: "config")
  }

  @Test("sections, settings, comments, white space and nested settings")
  func parsing() throws {
    let file = try parse(
      """
      # a comment
      ; another
      [default]   ; and one here
      Region=eu-west-1
      aws_secret_access_key = a#b;c=d== # the end
      empty =
      [profile  dev ]
      region = us-east-2 ; not this
      s3 =
        # in between
        endpoint_url = http://127.0.0.1:9000
        addressing_style = path
      region2 = x
        y = z
      [services local]
      s3 =
        endpoint_url = http://a
      sqs =
      \tendpoint_url = http://b
      [default]
      output = json
      """)
    #expect(
      file.sections == [
        "default": ["region": "eu-west-1", "aws_secret_access_key": "a#b;c=d==", "empty": "", "output": "json"],
        "profile dev": [
          "region": "us-east-2", "s3": "", "s3.endpoint_url": "http://127.0.0.1:9000", "s3.addressing_style": "path",
          "region2": "x",
        ],
        "services local": [
          "s3": "", "s3.endpoint_url": "http://a", "sqs": "", "sqs.endpoint_url": "http://b",
        ],
      ])
  }

  @Test(
    "what is no setting is an error with its line, and without its text",
    arguments: [
      ("region = x", 1), ("[default]\n\nhush", 3), ("[default\na = b", 1), ("[]", 1), ("[a] b", 1), ("[a]\n= b", 2),
    ])
  func malformed(text: String, line: Int) {
    do {
      _ = try parse(text)
      Issue.record("accepted")
    } catch .malformed(let path, let found, let why) {
      #expect(path == "config")
      #expect(found == line)
      #expect(!why.contains("hush"))
    } catch {
      Issue.record("\(error)")
    }
  }

  private func load(_ environment: [String: String], _ files: [String: String]) throws -> SharedProfile? {
    try SharedProfile.load(environment: environment) { files[$0] }
  }

  @Test(
    "the profile is AWS_PROFILE's or the default one, the credentials file wins, sections are prefixed in config only")
  func profiles() throws {
    let files = [
      "/h/.aws/config": """
      [default]
      region = r1
      aws_access_key_id = from config
      [profile dev]
      region = r2
      [dev]
      region = wrong
      """,
      "/h/.aws/credentials": """
      [default]
      aws_access_key_id = from credentials
      [profile dev]
      aws_access_key_id = wrong
      [dev]
      aws_access_key_id = d
      """,
    ]
    let home = ["HOME": "/h"]
    let standard = try load(home, files)
    #expect(standard?.region == "r1")
    #expect(standard?["aws_access_key_id"] == "from credentials")
    let dev = try load(home.merging(["AWS_PROFILE": "dev"]) { $1 }, files)
    #expect(dev?.region == "r2")
    #expect(dev?["aws_access_key_id"] == "d")
    #expect(throws: SharedFileError.noSuchProfile("prod")) {
      try load(home.merging(["AWS_PROFILE": "prod"]) { $1 }, files)
    }
    #expect(try load(home, [:]) == nil)
    #expect(try load([:], files) == nil)
    let elsewhere = try load(
      ["HOME": "/h", "AWS_CONFIG_FILE": "~/c", "AWS_SHARED_CREDENTIALS_FILE": "/s"],
      ["/h/c": "[profile default]\nregion = a\n[default]\nregion = b", "/s": ""])
    #expect(elsewhere?.region == "a")
  }

  @Test("files on disk: absent ones are none, large ones, folders and non-text are errors, CRLF is LF")
  func reading() async throws {
    try await withTemporaryFolder { folder in
      #expect(try SharedFileReader.read(folder + "/none") == nil)
      #expect(try SharedFileReader.read(folder + "/none/none") == nil)
      try "a\r\nb".write(toFile: folder + "/text", atomically: true, encoding: .utf8)
      #expect(try SharedFileReader.read(folder + "/text") == "a\nb")
      let fits = String(repeating: "x", count: SharedFileReader.byteCountMax)
      try fits.write(toFile: folder + "/large", atomically: true, encoding: .utf8)
      #expect(try SharedFileReader.read(folder + "/large") == fits)
      try (fits + "x").write(toFile: folder + "/larger", atomically: true, encoding: .utf8)
      #expect(throws: SharedFileError.self) { try SharedFileReader.read(folder + "/larger") }
      #expect(throws: SharedFileError.self) { try SharedFileReader.read("/dev/zero") }
      #expect(throws: SharedFileError.self) { try SharedFileReader.read(folder) }
      try Data([0xFF, 0xFE]).write(to: URL(filePath: folder + "/binary"))
      #expect(throws: SharedFileError.self) { try SharedFileReader.read(folder + "/binary") }
    }
  }
}
