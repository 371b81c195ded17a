#include "tests/server/coordinator/simulation/wrong.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace caviar::coordinator::simulation {
namespace {

// The last commits are only in memory; the disk gets them when later ones come.
class WritesLater : public ForwardingStore {
 public:
  explicit WritesLater(storage::Store& disk)
      : ForwardingStore(nullptr), disk_(disk), memory_(std::make_unique<storage::MemoryStore>()) {
    next_ = memory_.get();
  }

  absl::Status Apply(const storage::Batch& batch, int64_t commit) override {
    const absl::Status applied = ForwardingStore::Apply(batch, commit);
    if (!applied.ok()) return applied;
    unwritten_.emplace_back(batch, commit);
    while (unwritten_.size() > 3 &&
           disk_.Apply(unwritten_.front().first, unwritten_.front().second).ok()) {
      written_.push_back(std::move(unwritten_.front()));
      unwritten_.pop_front();
    }
    return absl::OkStatus();
  }

  void Reopen() override {
    unwritten_.clear();
    memory_ = std::make_unique<storage::MemoryStore>();
    next_ = memory_.get();
    for (const auto& [batch, commit] : written_) memory_->Apply(batch, commit).IgnoreError();
  }

 private:
  storage::Store& disk_;
  std::unique_ptr<storage::MemoryStore> memory_;
  std::deque<std::pair<storage::Batch, int64_t>> unwritten_;
  std::vector<std::pair<storage::Batch, int64_t>> written_;
};

class ReplacesMeasurements : public ForwardingStore {
 public:
  explicit ReplacesMeasurements(storage::Store& disk) : ForwardingStore(&disk) {}

  absl::Status Apply(const storage::Batch& batch, int64_t commit) override {
    const absl::Status applied = ForwardingStore::Apply(batch, commit);
    if (!applied.ok()) return applied;
    for (const storage::Change& change : batch) {
      if (const auto* row = std::get_if<storage::MeasurementRow>(&change)) {
        last_[{row->trial_id, row->attempt, row->metric, row->step}] = row->value;
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::pair<int64_t, double>>> ReadMetric(
      int64_t trial_id, int32_t attempt, const std::string& metric) override {
    auto values = ForwardingStore::ReadMetric(trial_id, attempt, metric);
    if (!values.ok()) return values;
    for (auto& [step, value] : *values) value = last_.at({trial_id, attempt, metric, step});
    return values;
  }

 private:
  std::map<std::tuple<int64_t, int32_t, std::string, int64_t>, double> last_;
};

class TwoTransactions : public ForwardingStore {
 public:
  explicit TwoTransactions(storage::Store& disk) : ForwardingStore(&disk) {}

  absl::StatusOr<storage::Snapshot> Load() override {
    ahead_ = 0;
    return ForwardingStore::Load();
  }

  absl::Status Apply(const storage::Batch& batch, int64_t commit) override {
    storage::Batch expired;
    storage::Batch rest;
    for (const storage::Change& change : batch) {
      const auto* row = std::get_if<storage::AttemptRow>(&change);
      const bool is_expired = row != nullptr && row->outcome == v1::Attempt::LEASE_EXPIRED;
      (is_expired ? expired : rest).push_back(change);
    }
    if (!expired.empty()) {
      const absl::Status closed = ForwardingStore::Apply(expired, commit + ahead_);
      if (!closed.ok()) return closed;
      ++ahead_;
    }
    return ForwardingStore::Apply(rest, commit + ahead_);
  }

 private:
  int64_t ahead_ = 0;  // commits that the core does not know of
};

class NoRequestLog : public ForwardingStore {
 public:
  explicit NoRequestLog(storage::Store& disk) : ForwardingStore(&disk) {}

  absl::Status Apply(const storage::Batch& batch, int64_t commit) override {
    storage::Batch kept;
    std::copy_if(batch.begin(), batch.end(), std::back_inserter(kept), [](const auto& change) {
      return !std::holds_alternative<storage::RequestRow>(change);
    });
    return ForwardingStore::Apply(kept, commit);
  }

  absl::StatusOr<std::optional<storage::RequestRow>> FindRequest(const std::string&,
                                                                 int64_t) override {
    return std::nullopt;
  }
};

class ForgetsWhoLetGo : public ForwardingStore {
 public:
  explicit ForgetsWhoLetGo(storage::Store& disk) : ForwardingStore(&disk) {}

  absl::StatusOr<std::optional<storage::AttemptRow>> FindAttempt(int64_t token_epoch,
                                                                 int64_t token_counter) override {
    auto attempt = ForwardingStore::FindAttempt(token_epoch, token_counter);
    const bool forgets = attempt.ok() && *attempt &&
                         ((*attempt)->outcome == v1::Attempt::RUN_AGAIN ||
                          (*attempt)->outcome == v1::Attempt::GIVEN_BACK);
    if (forgets) attempt->reset();
    return attempt;
  }
};

class Right : public ForwardingStore {
 public:
  explicit Right(storage::Store& disk) : ForwardingStore(&disk) {}
};

}  // namespace

const char* NameOf(Wrong wrong) {
  switch (wrong) {
    case Wrong::kNothing:
      return "nothing is wrong";
    case Wrong::kAnswersBeforeCommit:
      return "answers before the commit";
    case Wrong::kChecksNoToken:
      return "checks no token";
    case Wrong::kReplacesMeasurements:
      return "replaces measurements";
    case Wrong::kWallClockForLeases:
      return "the wall clock decides leases";
    case Wrong::kTwoTransactions:
      return "expires and requeues in two transactions";
    case Wrong::kNoRequestLog:
      return "keeps no log of requests";
    case Wrong::kForgetsWhoLetGo:
      return "forgets who let go of a trial";
  }
  return "";
}

std::unique_ptr<ForwardingStore> MakeStore(Wrong wrong, storage::Store& disk) {
  switch (wrong) {
    case Wrong::kAnswersBeforeCommit:
      return std::make_unique<WritesLater>(disk);
    case Wrong::kReplacesMeasurements:
      return std::make_unique<ReplacesMeasurements>(disk);
    case Wrong::kTwoTransactions:
      return std::make_unique<TwoTransactions>(disk);
    case Wrong::kNoRequestLog:
      return std::make_unique<NoRequestLog>(disk);
    case Wrong::kForgetsWhoLetGo:
      return std::make_unique<ForgetsWhoLetGo>(disk);
    default:
      return std::make_unique<Right>(disk);
  }
}

Token NewestTokenOfItsTrial(storage::Store& store, Core& core, Token token) {
  const auto attempt = store.FindAttempt(token.epoch, token.counter);
  if (!attempt.ok() || !*attempt) return token;
  for (const auto& [id, study] : core.state().studies) {
    for (const TrialState& trial : study.trials) {
      if (trial.row.id != (*attempt)->trial_id || !trial.attempt) continue;
      return {trial.attempt->token_epoch, trial.attempt->token_counter};
    }
  }
  return token;
}

}  // namespace caviar::coordinator::simulation
