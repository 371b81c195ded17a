#include "client/commands/save_model.h"

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "caviar/v1/objectives.h"
#include "client/api/crc32.h"
#include "client/commands/new_file.h"
#include "client/commands/outcome_text.h"
#include "client/render/number.h"
#include "client/render/text.h"

namespace caviar::commands {
namespace {

// The coordinator stores no larger file.
constexpr int64_t kMaxBytes = int64_t{1} << 30;

// One download, piece by piece. All pieces are of the file that the first one is of.
class Download {
 public:
  Download(const SaveModelArguments& arguments, client::Client& client) : client_(client) {
    request_.set_study(arguments.study);
    if (arguments.trial) request_.set_number(*arguments.trial);
  }

  // Writes all of it. CANCELLED: `stop` was notified.
  absl::Status Run(NewFile& file, const absl::Notification& stop) {
    uint32_t crc32 = 0;
    do {
      if (stop.HasBeenNotified()) return absl::CancelledError("interrupted");
      auto piece = client_.DownloadModel(request_);
      if (!piece.ok()) return piece.status();
      if (absl::Status status = Check(*piece); !status.ok()) return status;
      if (absl::Status status = file.Write(piece->data()); !status.ok()) return status;
      crc32 = client::Crc32(piece->data(), crc32);
      request_.set_offset(request_.offset() + static_cast<int64_t>(piece->data().size()));
    } while (request_.offset() < first_->size());
    if (crc32 == first_->crc32()) return absl::OkStatus();
    return absl::DataLossError(
        absl::StrCat("the network of trial ", first_->number(),
                     " came with another checksum than it was stored with: the coordinator's copy "
                     "is damaged; `caviar trial show` names it"));
  }

  // After Run.
  int number() const { return first_->number(); }
  int64_t step() const { return first_->step(); }
  int64_t size() const { return first_->size(); }

 private:
  absl::Status Check(const v1::DownloadModelResponse& piece) {
    if (!first_) {
      first_ = piece;
      first_->clear_data();
      // A study that goes on may have another best trial for the next piece.
      request_.set_number(piece.number());
    }
    const int64_t end = request_.offset() + static_cast<int64_t>(piece.data().size());
    if (piece.number() == first_->number() && piece.step() == first_->step() &&
        piece.size() == first_->size() && piece.crc32() == first_->crc32() &&
        !piece.data().empty() && end <= piece.size() && end <= kMaxBytes) {
      return absl::OkStatus();
    }
    return absl::DataLossError(absl::StrCat(
        "the coordinator sent ", piece.data().size(), " bytes from ", request_.offset(), " of ",
        first_->size(), ", which do not fit what it sent before; try again"));
  }

  client::Client& client_;
  v1::DownloadModelRequest request_;
  std::optional<v1::DownloadModelResponse> first_;  // without its data
};

void Print(const SaveModelArguments& arguments, const v1::Study& study, const v1::Trial& trial,
           const Download& download, Session& session) {
  const std::string& metric = vocabulary::FirstObjective(study).metric();
  if (!session.is_table()) {
    session.Print(nlohmann::ordered_json{{"study", study.name()},
                                         {"study_state", v1::Study::State_Name(study.state())},
                                         {"trial", download.number()},
                                         {"step", download.step()},
                                         {"metric", metric},
                                         {"objective", trial.objective()},
                                         {"file", arguments.file},
                                         {"bytes", download.size()}});
    return;
  }
  session.out() << render::Printable(absl::StrCat(
                       "saved ", arguments.file, ": trial ", download.number(), " of ",
                       study.name(), " at step ", download.step(), ", ",
                       trial.outcome().empty()
                           ? absl::StrCat(metric, " ", render::FormatNumber(trial.objective()))
                           : OutcomeText(study, trial),
                       ", ", download.size(), " bytes"))
                << "\n";
  if (!arguments.trial && study.state() != v1::Study::ENDED) {
    session.Complain(absl::StrCat("study ", study.name(), " is ",
                                  v1::Study::State_Name(study.state()),
                                  ": this is its best network so far"));
  }
}

}  // namespace

int SaveModel(const SaveModelArguments& arguments, Session& session) {
  absl::Notification stop;
  // Before the client, so that its threads leave the signals alone.
  const auto guard = session.environment().catch_interrupts([&stop] { stop.Notify(); });
  const auto client = session.Client();
  if (!client.ok()) return session.Fail(client.status());
  auto file = NewFile::Create(arguments.file, arguments.overwrite);
  if (!file.ok()) return session.Fail(file.status());
  v1::GetStudyRequest get_study;
  get_study.set_study(arguments.study);
  const auto study = (*client)->GetStudy(get_study);
  if (!study.ok()) return session.Fail(study.status());
  if (vocabulary::HasSeveralObjectives(*study) && !arguments.trial) {
    return session.Fail(absl::InvalidArgumentError(
        absl::StrCat("--save-model needs --trial here: ", study->name(),
                     " has several objectives, so that no trial is the best; `caviar best ",
                     study->name(), "` lists those to choose from")));
  }
  Download download(arguments, **client);
  const absl::Status done = download.Run(**file, stop);
  if (stop.HasBeenNotified()) {
    session.Complain(absl::StrCat("interrupted; ", arguments.file, " was not written"));
    return kInterrupted;
  }
  if (!done.ok()) return session.Fail(done);
  v1::GetTrialRequest get_trial;
  get_trial.set_study(arguments.study);
  get_trial.set_number(download.number());
  get_trial.set_view(v1::TRIAL_VIEW_BASIC);
  const auto trial = (*client)->GetTrial(get_trial);
  if (!trial.ok()) return session.Fail(trial.status());
  if (const absl::Status finished = (*file)->Finish(); !finished.ok()) {
    return session.Fail(finished);
  }
  Print(arguments, *study, *trial, download, session);
  return kDone;
}

}  // namespace caviar::commands
