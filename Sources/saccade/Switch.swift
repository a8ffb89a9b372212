import ArgumentParser

/// What is on by default in one command and off in another reads better than a flag and its inversion.
enum Switch: String, ExpressibleByArgument, CaseIterable {
  case on, off
}
