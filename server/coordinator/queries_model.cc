// The download of a trial's network as ONNX.
#include <utility>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "caviar/v1/objectives.h"
#include "server/coordinator/messages.h"
#include "server/coordinator/queries.h"

namespace caviar::coordinator {
namespace {

constexpr int64_t kChunkBytes = 1 << 20;

// Of several trials with the best configuration the one with the best objective.
absl::StatusOr<int32_t> BestRepeat(storage::Reader& reader, const storage::StudyReading& study) {
  if (!study.best->repeat_of) return study.best->number;
  storage::TrialQuery query;
  query.study_id = study.study.id;
  query.states = {v1::Trial::COMPLETED};
  query.repeat_of = study.best->number;
  query.order = storage::TrialQuery::Order::kObjective;
  query.descending = study.study.definition.objective().goal() == v1::Objective::MAXIMIZE;
  query.limit = 1;
  const auto trials = reader.ListTrials(query, /*full=*/false);
  if (!trials.ok()) return trials.status();
  return trials->empty() ? study.best->number : trials->front().trial.number;
}

// The trial that was asked for. NOT_FOUND: none was, and none is the best yet.
absl::StatusOr<int32_t> ChooseTrial(storage::Reader& reader, const storage::StudyReading& study,
                                    const v1::DownloadModelRequest& request) {
  if (request.has_number()) return request.number();
  if (study.best) return BestRepeat(reader, study);
  if (vocabulary::HasSeveralObjectives(study.study.definition)) {
    return error::InvalidField(
        "number", absl::StrCat("is missing: study '", request.study(),
                               "' has several objectives, so that no trial is the best; 'caviar "
                               "best ",
                               request.study(), "' lists those to choose from"));
  }
  if (study.counts.completed() > 0) {
    return absl::NotFoundError(absl::StrCat("no trial of study '", request.study(),
                                            "' keeps its constraints yet; name one to get its "
                                            "network all the same"));
  }
  return absl::NotFoundError(
      absl::StrCat("study '", request.study(), "' has no completed trial, so no network was kept"));
}

absl::Status NoModel(const storage::StudyReading& study, const storage::TrialReading& trial) {
  const std::string name =
      absl::StrCat("trial ", trial.trial.number, " of study '", study.study.definition.name(), "'");
  if (!study.study.definition.trainer().has_batch_norm_network()) {
    return absl::NotFoundError(absl::StrCat(
        name,
        " has no network here: the study's trainer is not the built-in one, and whoever "
        "trains keeps what it makes"));
  }
  if (trial.trial.state != v1::Trial::COMPLETED) {
    return absl::NotFoundError(absl::StrCat(name, " is ", v1::Trial::State_Name(trial.trial.state),
                                            "; only a completed trial's network is kept"));
  }
  return absl::NotFoundError(absl::StrCat(
      name, " has no network as ONNX: its worker made none (the worker's log says why)"));
}

}  // namespace

absl::StatusOr<v1::DownloadModelResponse> Queries::DownloadModel(
    const v1::DownloadModelRequest& request) {
  const auto study = FindStudy(request.study());
  if (!study.ok()) return study.status();
  const auto number = ChooseTrial(reader_, *study, request);
  if (!number.ok()) return number.status();
  const auto trial = FindTrial(*study, *number, /*full=*/true);
  if (!trial.ok()) return trial.status();
  const storage::ArtifactRow* model = FindKept(*trial, v1::Artifact::MODEL);
  if (model == nullptr) return NoModel(*study, *trial);
  if (request.offset() > model->size) {
    return error::InvalidField(
        "offset", absl::StrCat("is ", request.offset(), "; the file has ", model->size, " bytes"));
  }
  v1::DownloadModelResponse response;
  response.set_number(*number);
  response.set_step(model->step);
  response.set_size(model->size);
  response.set_crc32(model->crc32);
  auto data = artifacts_.Read(model->file, request.offset(), kChunkBytes);
  if (!data.ok()) return data.status();
  response.set_data(*std::move(data));
  return response;
}

}  // namespace caviar::coordinator
