// A program of Caviar's own that this process starts and ends.
#ifndef CAVIAR_CLIENT_LOCAL_CHILD_PROCESS_H_
#define CAVIAR_CLIENT_LOCAL_CHILD_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace caviar::local {

// The file of a program: beside this process's own, else as found by PATH. NOT_FOUND says where it
// was looked for.
absl::StatusOr<std::string> FindProgram(const std::string& name);

// In a process group of its own, so that Ctrl-C does not reach it, without standard input. It gets
// SIGTERM when the thread that started it ends; so that is to be the main thread.
class ChildProcess {
 public:
  // `words`: the program's file and its arguments. What it prints on stderr is added to `log`.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(const std::vector<std::string>& words,
                                                             const std::string& log);
  // As End, where it was not called, without patience.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // The first line that it prints on stdout, without its line end. DEADLINE_EXCEEDED: there came
  // none within `patience`; UNAVAILABLE: it ended without. Called once.
  absl::StatusOr<std::string> ReadLine(absl::Duration patience);
  // Can be read from, for poll(), once it has ended.
  int end_descriptor() const { return end_; }
  // How it ended, "with code 1" or "by signal 9", and what it has added to its log since, the last
  // lines. To be called once it has.
  std::string DescribeEnd();
  // SIGTERM; SIGKILL where it has not ended within `patience`. Blocks until it has ended.
  void End(absl::Duration patience);

 private:
  ChildProcess(pid_t process, int end, int output, std::string log, off_t log_start)
      : process_(process),
        end_(end),
        output_(output),
        log_(std::move(log)),
        log_start_(log_start) {}
  void Reap();

  pid_t process_;
  const int end_;
  int output_;
  const std::string log_;
  const off_t log_start_;
  int status_ = 0;
  bool reaped_ = false;
};

}  // namespace caviar::local

#endif  // CAVIAR_CLIENT_LOCAL_CHILD_PROCESS_H_
