#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "client/commands/ask_tokens.h"
#include "client/commands/command_line.h"
#include "client/render/number.h"
#include "client/render/text.h"
#include "client/study_file/scalar.h"

namespace caviar::commands {
namespace {

struct Arguments {
  std::string study;
  std::string lease = "24h";
};

void PrintTrial(const v1::Trial& trial, Session& session) {
  session.out() << "trial " << trial.number() << "\n";
  const std::map<std::string, v1::Value> sorted(trial.parameters().begin(),
                                                trial.parameters().end());
  for (const auto& [name, value] : sorted) {
    session.out() << name << "=" << render::Printable(render::FormatValue(value)) << "\n";
  }
}

int Ask(const Arguments& arguments, Session& session) {
  const auto lease = study_file::ParseDuration(arguments.lease);
  if (!lease.ok()) return session.FailUsage(absl::StrCat("--lease ", lease.status().message()));
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  const auto tokens = AskTokens::Open(session.environment(), *session.Address(), arguments.study);
  if (!tokens.ok()) return session.Fail(tokens.status());
  if (const absl::Status ready = tokens->Prepare(); !ready.ok()) return session.Fail(ready);

  v1::AskTrialRequest request;
  request.set_study(arguments.study);
  absl::Duration rest;
  request.mutable_lease()->set_seconds(absl::IDivDuration(*lease, absl::Seconds(1), &rest));
  request.mutable_lease()->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  const auto answer = (*client)->AskTrial(std::move(request));
  if (!answer.ok()) return session.Fail(answer.status());

  const absl::Status saved = tokens->Save(answer->trial().number(), answer->token());
  if (session.is_table()) {
    PrintTrial(answer->trial(), session);
  } else {
    session.Print(*answer);
  }
  if (saved.ok()) return kDone;
  session.Complain(
      absl::StrCat("trial ", answer->trial().number(),
                   " is asked for, but its token could not be kept, so it can be "
                   "neither reported nor told; it is given again when its lease ends"));
  return session.Fail(saved);
}

}  // namespace

void AddAsk(CLI::App& app, CommandLine& line) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App& command =
      line.Add(app, "ask", "Take a trial of a study with an external trainer, to run it yourself",
               [arguments](Session& session) { return Ask(*arguments, session); });
  command.add_option("NAME", arguments->study, "Name of the study")->required();
  command.add_option("--lease", arguments->lease,
                     "The trial is given to others unless reported or told within this; "
                     "default: 24h");
}

}  // namespace caviar::commands
