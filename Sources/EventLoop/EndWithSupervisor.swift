import CLibuv
import Glibc

/// The environment variable by which a supervisor tells its children its process identifier.
package let supervisorVariable = "SACCADE_SUPERVISOR"

/// Asks the kernel to end this process with SIGTERM when its supervisor dies, however that comes about.
///
/// Call it first thing on the main thread. Without a supervisor in the environment it does nothing.
package func endWithSupervisor() {
  guard let text = getenv(supervisorVariable), let supervisor = pid_t(String(cString: text)) else { return }
  saccade_set_parent_death_signal(SIGTERM)
  // The supervisor may have died before the request was made.
  if getppid() != supervisor { raise(SIGTERM) }
}
