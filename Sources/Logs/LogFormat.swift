// Log lines: how they look and how they leave the process. It promises one line for each event whatever stands in it, one
// write(2) for each line, lines that do not mix with those of other processes in the same pipe, and that a reader that
// has stopped reading costs lines and never more than a moment of the loop. It does not rotate, send or keep logs.

import ArgumentParser

/// How log lines look.
package enum LogFormat: String, Sendable, CaseIterable, ExpressibleByArgument {
  /// `TIME LEVEL LABEL: MESSAGE key=value`, for people.
  case text
  /// An object a line, for programs.
  case json
}
