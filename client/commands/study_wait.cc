#include <algorithm>
#include <atomic>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "caviar/v1/objectives.h"
#include "client/commands/command_line.h"
#include "client/commands/findings.h"
#include "client/commands/nearest_trial.h"
#include "client/commands/study_text.h"
#include "client/commands/wait_display.h"
#include "client/render/number.h"

namespace caviar::commands {
namespace {

// How long a coordinator that went away is waited for, and how often it is tried.
constexpr absl::Duration kPatience = absl::Minutes(5);
constexpr absl::Duration kFirstDelay = absl::Milliseconds(500);
constexpr absl::Duration kLongestDelay = absl::Seconds(10);
// As many trials of a Pareto front as are counted.
constexpr int kMostOfFront = 1000;

class Waiter {
 public:
  Waiter(std::string name, Session& session)
      : name_(std::move(name)), session_(session), display_(session) {}

  int Run() {
    // Before the client, so that its threads leave the signals alone.
    const auto guard = session_.environment().catch_interrupts([this] {
      interrupted_.Notify();
      if (client::Client* client = client_.load()) client->CancelWatch();
    });
    const auto client = session_.Client();
    if (!client.ok()) return session_.Fail(client.status());
    client_ = *client;
    // Patient, unlike a watch: tells at once whether there is a coordinator, and such a study.
    v1::GetStudyRequest request;
    request.set_study(name_);
    const auto study = client_.load()->GetStudy(request);
    if (interrupted_.HasBeenNotified()) return FinishInterrupted();
    if (!study.ok()) return session_.Fail(study.status());
    study_ = *study;
    return Watch();
  }

 private:
  int Watch() {
    v1::WatchStudyRequest request;
    request.set_study(name_);
    request.set_include_finished(true);
    while (true) {
      const absl::Status status = client_.load()->WatchStudy(
          request, [this](const v1::WatchStudyResponse& change) { return OnChange(change); });
      if (interrupted_.HasBeenNotified()) return FinishInterrupted();
      if (status.ok() && (study_.state() == v1::Study::ENDED || IsIdle())) return Finish();
      // A coordinator that shuts down ends its streams in one of these ways.
      const bool is_away = status.ok() || absl::IsUnavailable(status) ||
                           absl::IsCancelled(status) || absl::IsDeadlineExceeded(status);
      if (!is_away) {
        display_.Clear();
        return session_.Fail(status);
      }
      if (!WaitForCoordinator()) {
        if (interrupted_.HasBeenNotified()) return FinishInterrupted();
        display_.Clear();
        return session_.Fail(absl::UnavailableError(absl::StrCat(
            "no coordinator answers at ", session_.Address().value_or(""), " for ",
            render::DurationText(kPatience), "; the study goes on when one is started again on ",
            "the same --data-dir")));
      }
    }
  }

  // Whether to go on watching.
  bool OnChange(const v1::WatchStudyResponse& change) {
    study_ = change.study();
    for (const v1::Trial& trial : change.finished()) {
      if (study_.has_best_trial() && trial.number() == study_.best_trial()) best_ = trial;
    }
    away_since_.reset();
    delay_ = kFirstDelay;
    display_.Show(change);
    return !interrupted_.HasBeenNotified() && !IsIdle();
  }

  // Stopped, and nothing runs any more: nothing will happen by itself.
  bool IsIdle() const {
    return study_.state() == v1::Study::STOPPED && study_.trial_counts().running() == 0;
  }

  // Before the next try. false: waited long enough, or interrupted.
  bool WaitForCoordinator() {
    Environment& environment = session_.environment();
    const absl::Time now = environment.now();
    if (!away_since_) {
      away_since_ = now;
      display_.Complain(absl::StrCat("the coordinator is away; waiting for it to come back, for ",
                                     render::DurationText(kPatience), " at most"));
    }
    if (now - *away_since_ >= kPatience) return false;
    environment.wait(delay_, interrupted_);
    delay_ = std::min(2 * delay_, kLongestDelay);
    return !interrupted_.HasBeenNotified();
  }

  int FinishInterrupted() {
    display_.Complain(absl::StrCat("interrupted; the study goes on. `caviar study wait ", name_,
                                   "` watches it again, `caviar study stop ", name_, "` stops it"));
    return kInterrupted;
  }

  // The best trial, from the stream or asked for; null where there is none.
  const v1::Trial* Best() {
    if (!study_.has_best_trial()) return nullptr;
    if (best_ && best_->number() == study_.best_trial()) return &*best_;
    v1::GetTrialRequest request;
    request.set_study(name_);
    request.set_number(study_.best_trial());
    request.set_view(v1::TRIAL_VIEW_BASIC);
    const auto trial = client_.load()->GetTrial(request);
    if (!trial.ok()) return nullptr;  // the summary goes without its parameters
    best_ = *trial;
    return &*best_;
  }

  // What a colleague would remark. A coordinator that cannot say (an older one, or one that went
  // away right now) is no failure of the wait.
  void PrintFindings() {
    v1::LintStudyRequest request;
    request.set_study(name_);
    const auto response = client_.load()->LintStudy(request);
    if (response.ok()) session_.out() << FindingLines(*response, session_.colors());
  }

  // What there is where no trial is the best.
  std::string InsteadOfBest() {
    const bool bounded = !study_.constraints().empty();
    if (study_.trial_counts().completed() == 0) return "no completed trial";
    if (vocabulary::HasSeveralObjectives(study_)) {
      v1::ListBestTrialsRequest request;
      request.set_study(name_);
      request.set_count(kMostOfFront);
      const auto front = client_.load()->ListBestTrials(request);
      if (!front.ok()) return "the Pareto front: caviar best " + name_;
      if (front->trials_size() > 0) {
        return absl::StrCat(front->trials_size(), front->trials_size() == 1 ? " trial" : " trials",
                            " on the Pareto front: caviar best ", name_);
      }
    }
    feasible_ = !bounded;
    if (RepeatsOf(study_) > 1) return NoBestText(study_);
    if (!bounded) return "no best trial";
    const auto nearest = NearestText(*client_.load(), study_);
    return nearest.ok() ? *nearest : "no trial keeps the constraints";
  }

  int Finish() {
    display_.Clear();
    const std::string instead = study_.has_best_trial() ? "" : InsteadOfBest();
    if (session_.is_table()) {
      session_.out() << SummaryOf(study_, Best(), instead) << "\n";
      if (study_.state() == v1::Study::ENDED) PrintFindings();
    } else {
      session_.Print(study_);
    }
    const std::string why = study_.message().empty() ? "" : absl::StrCat(": ", study_.message());
    if (study_.state() == v1::Study::STOPPED) {
      session_.Complain(absl::StrCat("study ", name_, " is stopped", why, "; `caviar study resume ",
                                     name_, "` goes on"));
      return kFailed;
    }
    if (study_.trial_counts().completed() == 0) {
      session_.Complain(absl::StrCat("study ", name_, " ended without a completed trial", why));
      return kFailed;
    }
    if (!feasible_) {
      session_.Complain(
          absl::StrCat("study ", name_, " ended without a trial that keeps the constraints", why));
      return kFailed;
    }
    if (study_.end_reason() == v1::Study::MAX_FAILED) {
      session_.Complain(absl::StrCat("study ", name_, " ended because ",
                                     study_.trial_counts().failed(), " trials failed", why));
      return kFailed;
    }
    return kDone;
  }

  const std::string name_;
  Session& session_;
  WaitDisplay display_;
  absl::Notification interrupted_;
  std::atomic<client::Client*> client_ = nullptr;
  v1::Study study_;                // as it was last seen
  std::optional<v1::Trial> best_;  // the best trial, once it was seen
  bool feasible_ = true;           // false, once it is known that no trial keeps the constraints
  std::optional<absl::Time> away_since_;
  absl::Duration delay_ = kFirstDelay;
};

}  // namespace

void AddStudyWait(CLI::App& study, CommandLine& line) {
  auto name = std::make_shared<std::string>();
  CLI::App& command =
      line.Add(study, "wait", "Watch a study until it is over; Ctrl-C leaves it running",
               [name](Session& session) { return Waiter(*name, session).Run(); });
  command.add_option("NAME", *name, "Name of the study")->required();
}

}  // namespace caviar::commands
