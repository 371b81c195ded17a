// A process between the coordinator and what --on-study-end runs, so that this does not outlive a
// coordinator that was killed.
//
// The coordinator starts its own executable again in this role, as the leader of a process group
// that the command is in, too. It holds the other end of a pipe, file 3, that nobody writes to:
// when it dies in whatever way the pipe closes, and the group is killed. Otherwise the supervisor
// ends as the command did. Signals that are sent to the group are the command's alone.
#ifndef CAVIAR_SERVER_STUDY_END_SUPERVISOR_H_
#define CAVIAR_SERVER_STUDY_END_SUPERVISOR_H_

#include <optional>

namespace caviar {

inline constexpr char kStudyEndSupervisorFlag[] = "--supervise-study-end";
inline constexpr int kStudyEndLife = 3;

// The main function of every program that has a StudyEndCommand calls this before anything else,
// and ends with the exit code where there is one.
std::optional<int> RunStudyEndSupervisor(int argc, char** argv);

}  // namespace caviar

#endif  // CAVIAR_SERVER_STUDY_END_SUPERVISOR_H_
