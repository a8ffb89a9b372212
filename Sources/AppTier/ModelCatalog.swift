import Jobs

/// The models that a worker answers with at this moment.
///
/// A job takes its model out once, when it begins, and keeps it: what replaces the models meanwhile is for the jobs after
/// it, and a model that was replaced lives as long as the last job that has it.
package struct ModelCatalog: Sendable {
  /// Why models cannot serve side by side.
  package enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
    case none
    case tooMany(countMax: Int)
    case ambiguous(String)
    case unusableName(String)

    package var description: String {
      switch self {
      case .none: "there is no model"
      case .tooMany(let countMax): "there are more than \(countMax) models"
      case .ambiguous(let name): "two models are called \(name); --model NAME=PATH gives one another name"
      case .unusableName(let name):
        "nobody could ask for a model called \"\(name)\"; --model NAME=PATH gives it a name of \(ModelName.rule)"
      }
    }
  }

  /// Each has its own compiled graphs and buffers, some 50 MB a core; and an error that lists all their names is to fit
  /// into an answer.
  package static let countMax = 8

  /// The first is the default.
  package let models: [ImageRecognition]
  private let places: [ModelName: Int]

  /// - Parameter models: the first answers those who do not ask for one, and may have any name.
  package init(_ models: [ImageRecognition]) throws(Failure) {
    guard !models.isEmpty else { throw .none }
    guard models.count <= ModelCatalog.countMax else { throw .tooMany(countMax: ModelCatalog.countMax) }
    var places: [ModelName: Int] = [:]
    for (place, model) in models.enumerated() {
      guard let name = ModelName(model.modelName) else {
        if place == 0 { continue }
        throw .unusableName(model.modelName)
      }
      guard places.updateValue(place, forKey: name) == nil else { throw .ambiguous(model.modelName) }
    }
    self.models = models
    self.places = places
  }

  /// The model a job asks for: nil for the default.
  /// - Throws: `unknown-model`, for the client to read, with the names there are.
  func model(_ name: ModelName?) throws(ClassificationError) -> ImageRecognition {
    guard let name else { return models[0] }
    guard let place = places[name] else {
      let names = models.map(\.modelName).joined(separator: ", ")
      throw ClassificationError(code: .unknownModel, message: "There is no model \(name); there is \(names).")
    }
    return models[place]
  }
}
