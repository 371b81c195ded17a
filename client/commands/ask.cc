#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "caviar/v1/counted.h"
#include "client/commands/ask_tokens.h"
#include "client/commands/command_line.h"
#include "client/commands/shell_flags.h"
#include "client/render/json.h"
#include "client/render/number.h"
#include "client/study_file/scalar.h"

namespace caviar::commands {
namespace {

// What a call in flight has after an interrupt, before it is cancelled: an answer that is on its
// way then would be lost, and its trial stay with nobody until its lease ends.
constexpr absl::Duration kGrace = absl::Milliseconds(200);

struct AskArguments {
  std::string study;
  std::string lease = "24h";
  // 0: one, on lines of its own.
  int count = 0;
};

void PrintTrial(const v1::Trial& trial, Session& session) {
  session.out() << "trial " << trial.number() << "\n";
  const std::map<std::string, v1::Value> sorted(trial.parameters().begin(),
                                                trial.parameters().end());
  for (const auto& [name, value] : sorted) {
    session.out() << name << "=" << QuotedValue(render::FormatValue(value)) << "\n";
  }
}

void PrintLine(const v1::Trial& trial, Session& session) {
  session.out() << "trial " << trial.number();
  const std::map<std::string, v1::Value> sorted(trial.parameters().begin(),
                                                trial.parameters().end());
  for (const auto& [name, value] : sorted) {
    session.out() << " " << name << "=" << QuotedValue(render::FormatValue(value));
  }
  session.out() << "\n";
}

// What was asked for, and why it is not all that should have been.
struct Asked {
  std::vector<v1::AskTrialResponse> answers;
  int kept = 0;  // how many of them can be told
  absl::Status status;
};

// One after the other, so that a sampler knows of each when it chooses the next. `interrupted` ends
// it, and is no error; a trial that comes nevertheless is one of the answers.
Asked AskFor(int count, const v1::AskTrialRequest& request, const AskTokens& tokens,
             const absl::Notification& interrupted, client::Client& client, Session& session) {
  Asked asked;
  for (int i = 0; i < count && !interrupted.HasBeenNotified(); ++i) {
    auto answer = client.AskTrial(request);
    const bool cancelled = absl::IsCancelled(answer.status()) && interrupted.HasBeenNotified();
    asked.status = cancelled ? absl::OkStatus() : answer.status();
    if (!answer.ok()) return asked;
    asked.answers.push_back(*std::move(answer));
    const v1::AskTrialResponse& newest = asked.answers.back();
    asked.status = tokens.Save(newest.trial().number(), newest.token());
    if (asked.status.ok()) {
      ++asked.kept;
      continue;
    }
    session.Complain(
        absl::StrCat("trial ", newest.trial().number(),
                     " is asked for, but its token could not be kept, so it can be "
                     "neither reported nor told; it is given again when its lease ends"));
    return asked;
  }
  return asked;
}

void Print(const AskArguments& arguments, const Asked& asked, Session& session) {
  if (arguments.count == 0) {
    if (asked.answers.empty()) return;
    if (session.is_table()) return PrintTrial(asked.answers[0].trial(), session);
    return session.Print(asked.answers[0]);
  }
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const v1::AskTrialResponse& answer : asked.answers) {
    if (session.is_table()) {
      PrintLine(answer.trial(), session);
    } else {
      all.push_back(render::ToJson(answer));
    }
  }
  if (!session.is_table()) session.Print(all);
}

v1::AskTrialRequest RequestOf(const std::string& study, absl::Duration lease) {
  v1::AskTrialRequest request;
  request.set_study(study);
  absl::Duration rest;
  request.mutable_lease()->set_seconds(absl::IDivDuration(lease, absl::Seconds(1), &rest));
  request.mutable_lease()->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return request;
}

int Ask(const AskArguments& arguments, Session& session) {
  const auto lease = study_file::ParseDuration(arguments.lease);
  if (!lease.ok()) return session.FailUsage(absl::StrCat("--lease ", lease.status().message()));
  absl::Notification interrupted;
  absl::Notification asked_all;
  std::atomic<client::Client*> asking = nullptr;
  // Before the client, so that its threads leave the signals alone.
  const auto guard = session.environment().catch_interrupts([&] {
    interrupted.Notify();
    client::Client* client = asking.load();
    if (client == nullptr) return;
    session.environment().wait(kGrace, asked_all);
    client->CancelWaiting();
  });
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  asking = *client;
  const auto tokens = AskTokens::Open(session.environment(), *session.Address(), arguments.study);
  if (!tokens.ok()) return session.Fail(tokens.status());
  if (const absl::Status ready = tokens->Prepare(); !ready.ok()) return session.Fail(ready);

  const int count = std::max(1, arguments.count);
  const Asked asked =
      AskFor(count, RequestOf(arguments.study, *lease), *tokens, interrupted, **client, session);
  asked_all.Notify();
  if (!asked.answers.empty()) Print(arguments, asked, session);
  // While signals are still caught: nobody else knows which trials these are.
  session.out().flush();
  const int code = asked.status.ok() ? kDone : session.Fail(asked.status);
  const std::string yours =
      absl::StrCat(asked.kept, " of ", vocabulary::Counted(count, "trial"),
                   count == 1 || asked.kept == 1 ? " is yours" : " are yours");
  if (interrupted.HasBeenNotified()) {
    session.Complain(absl::StrCat("interrupted; ", yours));
    return kInterrupted;
  }
  if (asked.status.ok() || asked.kept == 0) return code;
  session.Complain(yours);
  return kPartly;
}

}  // namespace

void AddAsk(Command app, CommandLine& line) {
  auto arguments = std::make_shared<AskArguments>();
  Command command =
      line.Add(app, "ask", "Take trials of a study with an external trainer, to run them yourself",
               [arguments](Session& session) { return Ask(*arguments, session); });
  command.AddOption("NAME", arguments->study, "Name of the study").Required();
  command
      .AddOption("--count", arguments->count,
                 "So many trials, one a line (as JSON an array), each to be told by its number; "
                 "exit code 4 where there are fewer. Ctrl-C ends it with those that came")
      .Within(1, 10000);
  command.AddOption("--lease", arguments->lease,
                    "The trial is given to others unless reported or told within this; "
                    "default: 24h");
}

}  // namespace caviar::commands
