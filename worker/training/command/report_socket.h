// The socket that a program reports to, and that answers.
//
//   program: one JSON object a line, {"step": 3, "accuracy": 0.8}
//   worker:  for each, one line: "continue" | "stop" | "pause" (write a checkpoint, then exit)
//            | "error: " what is wrong
//
// Behind the last answer, once the program has closed its side of the connection, a line for each
// value that was left out says why. Who waits for answers only never sees them.
//
// An answer comes after the coordinator's, or after 10 s while that is away. Any number of
// connections, one after the other or at once.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_REPORT_SOCKET_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_REPORT_SOCKET_H_

#include <atomic>
#include <list>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/training/command/attempt_log.h"
#include "worker/training/command/curve.h"
#include "worker/training/command/descriptor.h"
#include "worker/training/trainer.h"

namespace caviar::command {

// Owns its thread, on which it reads, hands readings to the curve and answers.
class ReportSocket {
 public:
  // What it works with; all of it outlives it.
  struct Context {
    const std::set<std::string, std::less<>>& declared;
    Curve& curve;
    training::AttemptObserver& observer;
    AttemptLog& log;
  };

  // `path` is at most 107 bytes long, and nothing is there. For this user's processes only.
  // UNAVAILABLE: what the system says.
  static absl::StatusOr<std::unique_ptr<ReportSocket>> Open(const std::string& path,
                                                            const Context& context);
  // Takes what was sent until now, without waiting for answers, and closes the socket.
  ~ReportSocket();
  ReportSocket(const ReportSocket&) = delete;
  ReportSocket& operator=(const ReportSocket&) = delete;

  // The worker ends the program for a reason of its own: every answer is "stop" from now on.
  void SayStop() { says_stop_ = true; }
  // The program was told to end, or is about to get its answer.
  bool is_telling() const { return told_ || answering_; }
  bool told() const { return told_; }

 private:
  struct Connection {
    Descriptor socket;
    std::string received;  // the beginning of a line
    std::string left_out;  // lines
  };

  ReportSocket(Descriptor listener, Descriptor wake, std::string path, const Context& context);
  void Run();
  void Accept();
  // Whether it stays open.
  bool Read(Connection& connection);
  std::string Answer(absl::string_view line, std::string& left_out);

  const Descriptor listener_;
  const Descriptor wake_;
  const std::string path_;
  const Context context_;
  std::list<Connection> connections_;  // the thread's
  std::atomic<bool> ending_ = false;
  std::atomic<bool> says_stop_ = false;
  std::atomic<bool> answering_ = false;
  std::atomic<bool> told_ = false;
  std::thread thread_;
};

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_REPORT_SOCKET_H_
