#include "server/coordinator/queries.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "caviar/v1/counted.h"
#include "caviar/v1/error_detail.h"
#include "server/coordinator/dataset_validation.h"
#include "server/coordinator/limits.h"
#include "server/coordinator/logs.h"
#include "server/coordinator/messages.h"
#include "server/coordinator/repeats.h"
#include "storage/code_file.h"

namespace caviar::coordinator {
namespace {

constexpr int kDefaultPage = 100;
constexpr int kLargestPage = 1000;
// Of a page of trials: about as many measurements as take kLargestChunk bytes in a message.
constexpr int64_t kPageRows = 32'768;
// Of what does not come in pages.
constexpr size_t kLargestAnswer = 64 << 20;

int PageSize(int32_t asked) {
  return asked <= 0 ? kDefaultPage : std::min<int32_t>(asked, kLargestPage);
}

absl::Status NoToken(const std::string& token) {
  return error::InvalidField("page_token", absl::StrCat("'", token, "' is no token of ours"));
}

// The id of the study to go on after.
absl::StatusOr<int64_t> ParsePageToken(const std::string& token) {
  int64_t value = 0;
  if (token.empty()) return value;
  if (!absl::SimpleAtoi(token, &value) || value < 0) return NoToken(token);
  return value;
}

// Of a list of trials: the study's id, filter and order, and how many trials came before, as
// "7.33.200". With them no list goes on in another one, such as that of a study that got the name.
struct TrialPageToken {
  int64_t study_id = 0;
  int64_t filter_and_order = 0;
  int32_t offset = 0;
};

// "": where the first page begins.
absl::StatusOr<std::optional<TrialPageToken>> ParseTrialPageToken(const std::string& token) {
  if (token.empty()) return std::optional<TrialPageToken>();
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '.');
  TrialPageToken parsed;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &parsed.study_id) ||
      !absl::SimpleAtoi(parts[1], &parsed.filter_and_order) ||
      !absl::SimpleAtoi(parts[2], &parsed.offset) || parsed.offset < 0) {
    return NoToken(token);
  }
  if (parsed.offset > INT32_MAX - kLargestPage) {
    return error::InvalidField("page_token", "is past the end");
  }
  return parsed;
}

// The same for two queries with the same filter and order, and no others.
int64_t FilterAndOrder(const storage::TrialQuery& query) {
  static_assert(v1::Trial::State_MAX < 32);
  uint32_t states = 0;
  for (const v1::Trial::State state : query.states) states |= uint32_t{1} << state;
  return (int64_t{states} << 8) + 2 * static_cast<int64_t>(query.order) +
         (query.descending ? 1 : 0);
}

// Where the page of `token` begins; `query` has its study.
absl::StatusOr<int32_t> OffsetOf(const std::optional<TrialPageToken>& token,
                                 const storage::TrialQuery& query, const std::string& name) {
  if (!token) return 0;
  if (token->study_id != query.study_id) {
    return absl::NotFoundError(absl::StrCat("page_token: study '", name,
                                            "' is not the one it was given for: that is another, "
                                            "or was deleted; begin with the first page"));
  }
  if (token->filter_and_order != FilterAndOrder(query)) {
    return error::InvalidField("page_token",
                               "was given for other states or another order_by; begin with the "
                               "first page");
  }
  return token->offset;
}

absl::StatusOr<storage::TrialQuery> ParseOrder(const v1::ListTrialsRequest& request) {
  storage::TrialQuery query;
  absl::string_view order = request.order_by();
  query.descending = absl::ConsumeSuffix(&order, " desc");
  using Order = storage::TrialQuery::Order;
  if (order.empty() || order == "number") {
    query.order = Order::kNumber;
  } else if (order == "objective") {
    query.order = Order::kObjective;
  } else if (order == "create_time") {
    query.order = Order::kCreateTime;
  } else if (order == "end_time") {
    query.order = Order::kEndTime;
  } else {
    return error::InvalidField("order_by",
                               absl::StrCat("'", request.order_by(),
                                            "' is not known; it is number, objective, create_time "
                                            "or end_time, with ' desc' behind it or not"));
  }
  for (const int state : request.states()) {
    query.states.push_back(static_cast<v1::Trial::State>(state));
  }
  return query;
}

}  // namespace

absl::StatusOr<storage::StudyReading> Queries::FindStudy(const std::string& name) {
  auto reading = reader_.GetStudy(name);
  if (absl::IsNotFound(reading.status())) {
    return absl::NotFoundError(
        absl::StrCat("there is no study '", name, "'; 'caviar study list' shows those there are"));
  }
  return reading;
}

absl::StatusOr<storage::TrialReading> Queries::FindTrial(const storage::StudyReading& study,
                                                         int32_t number, bool full) {
  auto trial = reader_.GetTrial(study.study.id, number, full);
  if (absl::IsNotFound(trial.status())) {
    const std::string& name = study.study.definition.name();
    return absl::NotFoundError(absl::StrCat("study '", name, "' has no trial ", number,
                                            "; 'caviar trial list ", name,
                                            "' shows those there are"));
  }
  return trial;
}

v1::Study Queries::Message(const storage::StudyReading& reading) {
  return ToMessage(reading, absl::ToUnixMicros(clock_.Wall()));
}

absl::StatusOr<v1::Study> Queries::GetStudy(const v1::GetStudyRequest& request) {
  const auto study = FindStudy(request.study());
  if (!study.ok()) return study.status();
  const int32_t revision = request.revision() == 0 ? study->study.revision : request.revision();
  return AtRevision(*study, revision);
}

absl::StatusOr<v1::Study> Queries::AtRevision(storage::StudyReading reading, int32_t revision) {
  auto row = reader_.FindStudyRevision(reading.study.id, revision);
  if (!row.ok()) return row.status();
  if (*row) {
    reading.study.definition = std::move((*row)->definition);
    reading.study.revision = revision;
    v1::Study message = Message(reading);
    message.mutable_revision_time()->set_seconds((*row)->time / 1'000'000);
    message.mutable_revision_time()->set_nanos(static_cast<int32_t>((*row)->time % 1'000'000) *
                                               1000);
    return message;
  }
  if (revision == reading.study.revision) return Message(reading);
  const std::string& name = reading.study.definition.name();
  return absl::NotFoundError(absl::StrCat("study '", name, "' has no revision ", revision,
                                          "; its newest is ", reading.study.revision));
}

absl::StatusOr<v1::ServerUsage> Queries::GetServerUsage() {
  const auto usage = reader_.ReadUsage();
  if (!usage.ok()) return usage.status();
  const auto fill = [](const storage::FileUsage& files, v1::FileUsage& message) {
    message.set_files(files.files);
    message.set_bytes(files.bytes);
  };
  v1::ServerUsage response;
  response.set_database_bytes(usage->database_bytes);
  response.set_free_disk_bytes(artifacts_.FreeBytes());
  fill(artifacts_.Weigh(storage::kCodeFolder, ""), *response.mutable_code());
  for (const storage::StudyUsage& study : usage->studies) {
    v1::StudyUsage& message = *response.add_studies();
    message.set_study(study.name);
    message.set_trials(study.trials);
    message.set_running(study.running);
    message.set_measurements(study.measurements);
    const auto of_kind = [&study](v1::Artifact::Kind kind) {
      const auto found = study.files.find(kind);
      return found == study.files.end() ? storage::FileUsage() : found->second;
    };
    fill(of_kind(v1::Artifact::CHECKPOINT), *message.mutable_checkpoints());
    fill(of_kind(v1::Artifact::WEIGHTS), *message.mutable_weights());
    fill(of_kind(v1::Artifact::MODEL), *message.mutable_models());
    fill(artifacts_.Weigh(absl::StrCat("artifacts/", study.study_id), kLogEnding),
         *message.mutable_logs());
  }
  return response;
}

absl::StatusOr<v1::ListStudiesResponse> Queries::ListStudies(
    const v1::ListStudiesRequest& request) {
  const auto after = ParsePageToken(request.page_token());
  if (!after.ok()) return after.status();
  const int size = PageSize(request.page_size());
  const auto studies = reader_.ListStudies(*after, size + 1);
  if (!studies.ok()) return studies.status();
  v1::ListStudiesResponse response;
  for (const auto& study : *studies) {
    if (response.studies_size() == size) {
      response.set_next_page_token(absl::StrCat((*studies)[size - 1].study.id));
      break;
    }
    v1::Study& message = *response.add_studies();
    message = Message(study);
    // A thousand confusion matrices would not fit into one message.
    if (message.has_test_evaluation()) message.mutable_test_evaluation()->clear_classes();
  }
  return response;
}

absl::StatusOr<v1::Trial> Queries::GetTrial(const v1::GetTrialRequest& request) {
  const auto study = FindStudy(request.study());
  if (!study.ok()) return study.status();
  const bool full = request.view() != v1::TRIAL_VIEW_BASIC;
  const auto trial = FindTrial(*study, request.number(), full);
  if (!trial.ok()) return trial.status();
  return ToMessage(request.study(), *trial, full);
}

absl::StatusOr<v1::ListTrialsResponse> Queries::ListTrials(const v1::ListTrialsRequest& request) {
  const auto token = ParseTrialPageToken(request.page_token());
  if (!token.ok()) return token.status();
  auto query = ParseOrder(request);
  if (!query.ok()) return query.status();
  const auto study = FindStudy(request.study());
  if (!study.ok()) return study.status();
  query->study_id = study->study.id;
  const absl::StatusOr<int32_t> offset = OffsetOf(*token, *query, request.study());
  if (!offset.ok()) return offset.status();
  query->offset = *offset;
  query->limit = PageSize(request.page_size());
  const bool full = request.view() == v1::TRIAL_VIEW_FULL;
  const auto page = reader_.ReadTrialPage(*query, full, kPageRows);
  if (!page.ok()) return page.status();
  v1::ListTrialsResponse response;
  size_t bytes = 0;
  for (const storage::TrialReading& trial : page->trials) {
    // A page of trials with long curves must fit into one message.
    if (bytes > size_t{kLargestChunk}) break;
    v1::Trial& message = *response.add_trials();
    message = ToMessage(request.study(), trial, full);
    bytes += message.ByteSizeLong();
  }
  if (page->more || response.trials_size() < static_cast<int>(page->trials.size())) {
    response.set_next_page_token(absl::StrCat(query->study_id, ".", FilterAndOrder(*query), ".",
                                              query->offset + response.trials_size()));
  }
  return response;
}

absl::StatusOr<v1::ListBestTrialsResponse> Queries::ListBestTrials(
    const v1::ListBestTrialsRequest& request) {
  const auto study = FindStudy(request.study());
  if (!study.ok()) return study.status();
  const bool full = request.view() == v1::TRIAL_VIEW_FULL;
  const int32_t count = request.count() <= 0 ? 5 : std::min(request.count(), kLargestPage);
  auto trials =
      reader_.ListBestTrials(study->study.id, study->study.definition, count, /*full=*/false);
  if (!trials.ok()) return trials.status();
  v1::ListBestTrialsResponse response;
  size_t bytes = 0;
  for (storage::TrialReading& trial : *trials) {
    if (full) {
      // One at a time: of a thousand with long curves there is never more than one in memory beside
      // the answer. Nothing is measured by a completed trial any more.
      auto whole = FindTrial(*study, trial.trial.number, full);
      if (!whole.ok()) return whole.status();
      trial = *std::move(whole);
    }
    v1::Trial& message = *response.add_trials();
    message = ToMessage(request.study(), trial, full);
    bytes += message.ByteSizeLong();
    trial = {};
    if (bytes > kLargestAnswer) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "the best ", trials->size(), " trials of study '", request.study(),
          "' with all that they measured are more than one answer takes, ", kLargestAnswer >> 20,
          " MiB; ask for fewer, or without measurements (view)"));
    }
  }
  return response;
}

absl::StatusOr<Coordinator::StudyChanges> Queries::ReadStudyChanges(
    const std::string& name, std::optional<Coordinator::StudyPosition> after) {
  const auto study = FindStudy(name);
  if (!study.ok()) return study.status();
  Coordinator::StudyChanges changes;
  changes.position.commit = study->commit;
  *changes.response.mutable_study() = Message(*study);
  if (after) {
    if (const auto added = AddFinished(study->study.id, *after, changes); !added.ok()) return added;
  }
  const auto over = IsOver(*study);
  if (!over.ok()) return over.status();
  changes.over = *over && !changes.more;
  return changes;
}

absl::StatusOr<bool> Queries::IsOver(const storage::StudyReading& reading) {
  const storage::StudyRow& study = reading.study;
  const v1::TrialCounts& counts = reading.counts;
  if (study.state != v1::Study::ENDED) return false;
  // An end takes several commits where there is much to be cancelled.
  if (counts.running() > 0 || counts.waiting() > 0 || counts.paused() > 0) return false;
  if (RepeatsOf(study.definition) > 1) {
    storage::TrialQuery query;
    query.study_id = study.id;
    query.unsettled = true;
    query.limit = 1;
    const auto unsettled = reader_.ListTrials(query, false);
    if (!unsettled.ok()) return unsettled.status();
    if (!unsettled->empty()) return false;
  }
  if (!reading.evaluation) return !reading.best || !MayHaveTestSet(study.definition);
  return reading.evaluation->state == v1::TestEvaluation::COMPLETED ||
         reading.evaluation->state == v1::TestEvaluation::FAILED;
}

absl::Status Queries::AddFinished(int64_t study_id, Coordinator::StudyPosition after,
                                  Coordinator::StudyChanges& changes) {
  storage::TrialQuery query;
  query.study_id = study_id;
  query.states = {v1::Trial::COMPLETED, v1::Trial::PRUNED, v1::Trial::FAILED, v1::Trial::INFEASIBLE,
                  v1::Trial::CANCELLED};
  query.order = storage::TrialQuery::Order::kCommit;
  query.limit = kLargestPage;
  query.changed_after_commit = after.commit;
  query.changed_after_number = after.number;
  auto trials = reader_.ListTrials(query, false);
  if (!trials.ok()) return trials.status();
  changes.more = trials->size() == kLargestPage;
  if (!trials->empty()) {
    const storage::TrialRow& last = trials->back().trial;
    if (changes.more) {
      changes.position = {last.commit, last.number};
    } else {
      // A commit that came after the study was read may have been listed, and then whole.
      changes.position.commit = std::max(changes.position.commit, last.commit);
    }
  }
  std::stable_sort(trials->begin(), trials->end(), [](const auto& a, const auto& b) {
    return a.trial.end_time < b.trial.end_time;
  });
  for (const storage::TrialReading& trial : *trials) {
    *changes.response.add_finished() = ToMessage(changes.response.study().name(), trial, false);
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::DownloadChunkResponse> Queries::DownloadChunk(
    const v1::DownloadChunkRequest& request) {
  const v1::Artifact& artifact = request.artifact();
  const auto study = FindStudy(artifact.study());
  if (!study.ok()) return study.status();
  const auto row = reader_.GetArtifact(study->study.id, artifact.trial(), artifact.attempt(),
                                       artifact.kind(), artifact.step());
  if (absl::IsNotFound(row.status())) {
    return absl::NotFoundError(
        absl::StrCat("trial ", artifact.trial(), " of study '", artifact.study(),
                     "' has no such file (", v1::Artifact::Kind_Name(artifact.kind()),
                     " of attempt ", artifact.attempt(), ", step ", artifact.step(), ")"));
  }
  if (!row.ok()) return row.status();
  const int32_t size =
      request.max_bytes() <= 0 ? kLargestChunk : std::min(request.max_bytes(), kLargestChunk);
  auto data = artifacts_.Read(row->file, request.offset(), size);
  if (!data.ok()) return data.status();
  v1::DownloadChunkResponse response;
  response.set_data_crc32(storage::Crc32(*data));
  response.set_data(*std::move(data));
  return response;
}

absl::StatusOr<v1::ReadLogResponse> Queries::ReadLog(const v1::ReadLogRequest& request) {
  const auto study = FindStudy(request.study());
  if (!study.ok()) return study.status();
  const auto trial = FindTrial(*study, request.number(), /*full=*/false);
  if (!trial.ok()) return trial.status();
  const auto& attempts = trial->attempts;
  const int32_t newest = attempts.empty() ? 0 : attempts.back().number;
  const int32_t wanted = request.attempt() == 0 ? newest : request.attempt();
  if (wanted < 1 || wanted > newest) {
    return absl::NotFoundError(
        absl::StrCat("trial ", request.number(), " of study '", request.study(), "' has ",
                     vocabulary::Counted(newest, "attempt"), newest == 0 ? " yet" : ""));
  }
  v1::ReadLogResponse response;
  response.set_attempt(wanted);
  // Before the file: what is added until it is read is the end then.
  response.set_ended(attempts[static_cast<size_t>(wanted) - 1].outcome !=
                     v1::Attempt::OUTCOME_UNSPECIFIED);
  const std::string file = LogFile(study->study.id, request.number(), wanted);
  const auto size = artifacts_.Size(file);
  if (absl::IsNotFound(size.status())) return response;  // it printed nothing yet
  if (!size.ok()) return size.status();
  const int64_t offset =
      request.offset() < 0 ? std::max<int64_t>(0, *size + request.offset()) : request.offset();
  auto data = artifacts_.Read(file, offset, kLargestChunk);
  if (!data.ok()) return data.status();
  response.set_offset(offset);
  response.set_size(std::max(*size, offset + static_cast<int64_t>(data->size())));
  response.set_data(*std::move(data));
  return response;
}

}  // namespace caviar::coordinator
