import Testing

@testable import AppTier

@Suite("Where the model is")
struct ModelLocationTests {
  let model = "models/efficientnet-lite0/model.xml"

  func candidates(_ environment: [String: String]) -> [String] {
    ModelLocation.candidates(environment: environment, executablePath: "/opt/saccade/bin/saccade-worker")
  }

  @Test("the user's cache is looked at first, then what is beside the binary")
  func order() {
    #expect(
      candidates(["XDG_CACHE_HOME": "/caches", "HOME": "/home/ann"])
        == ["/caches/saccade/\(model)", "/opt/saccade/bin/../share/saccade/\(model)"])
  }

  @Test("a cache directory that is empty or relative is as good as none", arguments: ["", "caches"])
  func ignored(value: String) {
    #expect(candidates(["XDG_CACHE_HOME": value, "HOME": "/home/ann"]).first == "/home/ann/.cache/saccade/\(model)")
    #expect(
      ModelLocation.compiledModels(environment: ["XDG_CACHE_HOME": value, "HOME": "/home/ann"])
        == "/home/ann/.cache/saccade/compiled")
  }

  @Test("a user without a home has what is beside the binary, and nowhere for compiled models")
  func homeless() {
    #expect(candidates([:]) == ["/opt/saccade/bin/../share/saccade/\(model)"])
    #expect(ModelLocation.compiledModels(environment: [:]) == nil)
  }
}
