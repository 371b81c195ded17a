// Programs as child processes of a test.
#ifndef CAVIAR_TESTS_SYSTEM_PROCESS_H_
#define CAVIAR_TESTS_SYSTEM_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace caviar::system_test {

// How long anything may take that is waited for: enough for a busy machine ten times slower than
// usual, under sanitizers. Only a test that fails takes so long.
inline constexpr absl::Duration kPatience = absl::Minutes(4);

// A running program. It dies with the test: the kernel kills it when its parent ends, the
// destructor when the test forgets it.
class Process {
 public:
  // Output goes to files below `directory`, named `name`.out and `name`.err. The program is looked
  // for in PATH where its name has no slash.
  Process(const std::string& directory, const std::string& name, std::vector<std::string> arguments,
          std::vector<std::string> environment = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void Signal(int signal) const;
  // kill -9, and waits until it is gone.
  void Kill();
  // Waits for its end. The exit code; 128 + n after signal n; -1 where it still runs after `limit`.
  int Wait(absl::Duration limit = kPatience);
  bool Running();
  std::string Output() const;
  std::string Errors() const;
  pid_t pid() const { return pid_; }
  // What it has in main memory, in bytes.
  int64_t Memory() const;
  // Its main thread waits for this signal, or keeps it waiting.
  bool Blocks(int signal) const;

 private:
  std::string out_, err_;
  pid_t pid_ = -1;
  int status_ = -1;
};

// Asks again and again until `condition` holds; false: not within `limit`.
bool Eventually(const std::function<bool()>& condition, absl::Duration limit = kPatience);

std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, const std::string& content);

}  // namespace caviar::system_test

#endif  // CAVIAR_TESTS_SYSTEM_PROCESS_H_
