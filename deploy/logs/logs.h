// The form of the programs' logs: lines for people, or an object of JSON a line for programs.
#ifndef CAVIAR_DEPLOY_LOGS_LOGS_H_
#define CAVIAR_DEPLOY_LOGS_LOGS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "spdlog/formatter.h"

namespace caviar::logs {

// What a thread works on: all that it logs has these as fields of their own, in JSON.
struct Fields {
  std::string study;  // "": none
  std::optional<int32_t> trial;
  std::string lease;  // as people see it
};

// Sets the fields of this thread while it lives; then those from before are back.
class Scope {
 public:
  explicit Scope(Fields fields);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  Fields before_;
};

// Of this thread: for the threads that it starts.
const Fields& Current();

// One object a line: time (ISO 8601, UTC), level, message, and the thread's fields.
std::unique_ptr<spdlog::formatter> MakeJsonFormatter();

// Everything goes to stderr from now on. `level`: trace, debug, info, warn, error, off. `format`:
// text or json. Before any thread logs.
void SetUp(const std::string& name, const std::string& level, const std::string& format);

}  // namespace caviar::logs

#endif  // CAVIAR_DEPLOY_LOGS_LOGS_H_
