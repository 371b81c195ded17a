#include <algorithm>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "client/commands/absence.h"
#include "client/commands/command_line.h"
#include "client/commands/log_text.h"
#include "client/commands/trial_text.h"

namespace caviar::commands {
namespace {

// As much as one answer holds.
constexpr int64_t kPieceBytes = int64_t{1} << 20;
// How long to wait for more, while there is much and once there is little.
constexpr absl::Duration kShortestWait = absl::Milliseconds(200);
constexpr absl::Duration kLongestWait = absl::Seconds(2);

struct LogsArguments {
  std::string study;
  int number = 0;
  int attempt = 0;
  bool follow = false;
  std::optional<int> tail;
};

class LogPrinter {
 public:
  LogPrinter(const LogsArguments& arguments, Session& session)
      : arguments_(arguments), session_(session), absence_(session) {
    request_.set_study(arguments.study);
    request_.set_number(arguments.number);
    request_.set_attempt(arguments.attempt);
    if (arguments.tail) request_.set_offset(-kPieceBytes);
  }

  int Run() {
    std::shared_ptr<void> guard;
    // Before the client, so that its threads leave the signals alone.
    if (arguments_.follow) {
      guard = session_.environment().catch_interrupts([this] { interrupted_.Notify(); });
    }
    const auto client = session_.Client();
    if (!client.ok()) return session_.Fail(client.status());
    client_ = *client;
    while (!interrupted_.HasBeenNotified()) {
      const auto piece = client_->ReadLog(request_);
      const std::optional<int> code = piece.ok() ? OnPiece(*piece) : OnError(piece.status());
      if (code) return *code;
    }
    return kInterrupted;
  }

 private:
  // The exit code, once there is nothing more to do.
  std::optional<int> OnPiece(const v1::ReadLogResponse& piece) {
    Answered();
    const absl::string_view data = piece.data();
    session_.out() << (request_.offset() < 0 ? LastLines(data, *arguments_.tail) : data);
    session_.out().flush();
    if (!session_.out()) return kFailed;
    request_.set_attempt(piece.attempt());
    request_.set_offset(piece.offset() + static_cast<int64_t>(data.size()));
    if (!data.empty()) {
      wait_ = kShortestWait;
      return std::nullopt;
    }
    if (!arguments_.follow) return kDone;
    return piece.ended() ? GoOn() : Wait();
  }

  std::optional<int> OnError(const absl::Status& status) {
    // A trial that has no attempt yet will have one.
    const bool may_come = absl::IsNotFound(status) && arguments_.follow && arguments_.attempt == 0;
    return may_come ? GoOn() : Fail(status);
  }

  void Answered() {
    answered_ = true;
    absence_.End();
  }

  // A coordinator that was there is waited for.
  std::optional<int> Fail(const absl::Status& status) {
    if (!arguments_.follow || !answered_ || !IsAway(status)) return session_.Fail(status);
    if (absence_.Wait(status, interrupted_, [this](const std::string& what) { Say(what); })) {
      return std::nullopt;
    }
    return interrupted_.HasBeenNotified() ? kInterrupted : session_.Fail(absence_.TooLong());
  }

  // To the trial's next attempt, if it gets one.
  std::optional<int> GoOn() {
    if (arguments_.attempt != 0) return kDone;
    v1::GetTrialRequest request;
    request.set_study(arguments_.study);
    request.set_number(arguments_.number);
    request.set_view(v1::TRIAL_VIEW_BASIC);
    const auto trial = client_->GetTrial(request);
    if (!trial.ok()) return Fail(trial.status());
    Answered();
    const int newest = trial->attempts_size();
    if (newest > request_.attempt()) {
      if (request_.attempt() > 0) Say(absl::StrCat("attempt ", newest, ":"));
      request_.set_attempt(newest);
      request_.set_offset(0);
      wait_ = kShortestWait;
      return std::nullopt;
    }
    if (IsFinal(trial->state())) {
      Say(EndText(*trial));
      return kDone;
    }
    const std::string state = v1::Trial::State_Name(trial->state());
    if (state != said_) Say(absl::StrCat("the trial is ", state, "; its next attempt is awaited"));
    said_ = state;
    return Wait();
  }

  std::optional<int> Wait() {
    session_.environment().wait(wait_, interrupted_);
    wait_ = std::min(2 * wait_, kLongestWait);
    return std::nullopt;
  }

  // Standard output is the program's alone.
  void Say(absl::string_view message) {
    session_.Complain(message);
    session_.environment().err.flush();
  }

  const LogsArguments& arguments_;
  Session& session_;
  client::Client* client_ = nullptr;
  absl::Notification interrupted_;
  v1::ReadLogRequest request_;
  absl::Duration wait_ = kShortestWait;
  std::string said_;
  bool answered_ = false;  // a coordinator did
  Absence absence_;
};

}  // namespace

void AddTrialLogs(Command trial, CommandLine& line) {
  auto arguments = std::make_shared<LogsArguments>();
  Command command = line.AddRemote(
      trial, "logs", "Print what a trial's program printed",
      [arguments](Session& session) { return LogPrinter(*arguments, session).Run(); });
  command.AddOption("NAME", arguments->study, "Name of the study").Required();
  command.AddOption("NUMBER", arguments->number, "Number of the trial")
      .Required()
      .Within(0, kLargestInt);
  command.AddOption("--attempt", arguments->attempt, "Of this attempt; default: the newest")
      .Within(1, kLargestInt);
  command.AddFlag("--follow,-f", arguments->follow,
                  "Print on as it comes, until the trial is over (with --attempt: the attempt); "
                  "Ctrl-C ends it");
  command.AddOption("--tail", arguments->tail, "Start with so many of its last lines")
      .Within(0, kLargestInt);
}

}  // namespace caviar::commands
