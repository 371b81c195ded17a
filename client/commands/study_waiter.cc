#include "client/commands/study_waiter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "caviar/v1/counted.h"
#include "caviar/v1/objectives.h"
#include "caviar/v1/vocabulary.h"
#include "client/commands/findings.h"
#include "client/commands/nearest_trial.h"
#include "client/commands/study_text.h"
#include "client/commands/trial_text.h"
#include "client/render/number.h"

namespace caviar::commands {
namespace {

// As many trials of a Pareto front as are counted.
constexpr int kMostOfFront = 1000;
// So many obstacles are said.
constexpr size_t kMostSaid = 50;

// What keeps it from going on until somebody mends that; "" where nothing is known to.
std::string ObstacleOf(const v1::Study& study) {
  if (study.test_evaluation().state() == v1::TestEvaluation::WAITING &&
      !study.test_evaluation().message().empty()) {
    return absl::StrCat("test set: ", TestEvaluationText(study));
  }
  const std::string& message = study.message();
  const bool is_obstacle = absl::StartsWith(message, vocabulary::kNoWorker) ||
                           absl::StrContains(message, vocabulary::kCouldNotDoIt);
  return study.state() == v1::Study::ACTIVE && is_obstacle ? message : "";
}

}  // namespace

StudyWaiter::StudyWaiter(std::string name, WaitAdvice advice, Session& session)
    : name_(std::move(name)),
      advice_(std::move(advice)),
      session_(session),
      display_(session),
      absence_(session) {}

void StudyWaiter::Cancel() {
  if (!interrupted_.HasBeenNotified()) interrupted_.Notify();
  if (client::Client* client = client_.load()) client->CancelWaiting();
}

int StudyWaiter::Run() {
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

int StudyWaiter::Watch() {
  v1::WatchStudyRequest request;
  request.set_study(name_);
  request.set_include_finished(true);
  while (true) {
    const absl::Status status = client_.load()->WatchStudy(
        request, [this](const v1::WatchStudyResponse& change) { return OnChange(change); });
    if (interrupted_.HasBeenNotified()) return FinishInterrupted();
    if (status.ok() && (study_.state() == v1::Study::ENDED || IsIdle())) return Finish();
    // A coordinator that shuts down may end its streams in good order.
    if (!status.ok() && !IsAway(status)) {
      display_.Clear();
      return session_.Fail(status);
    }
    if (!absence_.Wait(status, interrupted_,
                       [this](const std::string& what) { display_.Complain(what); })) {
      if (interrupted_.HasBeenNotified()) return FinishInterrupted();
      display_.Clear();
      return session_.Fail(absence_.TooLong());
    }
  }
}

// Whether to go on watching.
bool StudyWaiter::OnChange(const v1::WatchStudyResponse& change) {
  study_ = change.study();
  for (const v1::Trial& trial : change.finished()) {
    if (study_.has_best_trial() && trial.number() == study_.best_trial()) best_ = trial;
  }
  absence_.End();
  display_.Show(change);
  const std::string obstacle = ObstacleOf(study_);
  if (!obstacle.empty() && said_.size() < kMostSaid && said_.insert(obstacle).second) {
    display_.Complain(obstacle);
  }
  return !interrupted_.HasBeenNotified() && !IsIdle();
}

// Stopped, and nothing runs any more: nothing will happen by itself.
bool StudyWaiter::IsIdle() const {
  return study_.state() == v1::Study::STOPPED && study_.trial_counts().running() == 0;
}

int StudyWaiter::FinishInterrupted() {
  display_.Clear();
  if (advice_.interrupted.empty()) return kInterrupted;
  const bool has_ended = study_.state() == v1::Study::ENDED;
  session_.Complain(absl::StrCat(
      "interrupted; ", has_ended
                           ? absl::StrCat("the study has ended, ", TestEvaluationText(study_),
                                          ". `caviar study wait ", name_, "` waits for that again")
                           : advice_.interrupted));
  return kInterrupted;
}

// The best trial, from the stream or asked for; null where there is none.
const v1::Trial* StudyWaiter::Best() {
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
void StudyWaiter::PrintFindings() {
  v1::LintStudyRequest request;
  request.set_study(name_);
  const auto response = client_.load()->LintStudy(request);
  if (response.ok()) session_.out() << FindingLines(*response, session_.colors());
}

// What there is where no trial is the best.
std::string StudyWaiter::InsteadOfBest() {
  const bool bounded = !study_.constraints().empty();
  if (study_.trial_counts().completed() == 0) return "no completed trial";
  if (vocabulary::HasSeveralObjectives(study_)) {
    v1::ListBestTrialsRequest request;
    request.set_study(name_);
    request.set_count(kMostOfFront);
    const auto front = client_.load()->ListBestTrials(request);
    if (!front.ok()) return "the Pareto front: caviar best " + name_;
    if (front->trials_size() > 0) {
      return absl::StrCat(vocabulary::Counted(front->trials_size(), "trial"),
                          " on the Pareto front: caviar best ", name_);
    }
  }
  feasible_ = !bounded;
  if (RepeatsOf(study_) > 1) return NoBestText(study_);
  if (!bounded) return "no best trial";
  const auto nearest = NearestText(*client_.load(), study_);
  return nearest.ok() ? *nearest : "no trial keeps the constraints";
}

int StudyWaiter::Finish() {
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
    session_.Complain(absl::StrCat("study ", name_, " is stopped", why, "; ", advice_.stopped));
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
                                   vocabulary::Counted(study_.trial_counts().failed(), "trial"),
                                   " failed", why));
    return kFailed;
  }
  return kDone;
}

}  // namespace caviar::commands
