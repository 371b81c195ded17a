#include "tests/server/coordinator/core_fixture.h"

#include <memory>
#include <utility>

namespace caviar::coordinator {

CoreTest::CoreTest() = default;
CoreTest::~CoreTest() = default;

void CoreTest::Create(v1::Study study) {
  v1::CreateStudyRequest request;
  *request.mutable_request_id() = house_.NewRequestId();
  *request.mutable_study() = std::move(study);
  const auto created = house_.Call(&Core::CreateStudy, request);
  ASSERT_TRUE(created.ok()) << created.status();
}

absl::StatusOr<v1::ReportMeasurementsResponse> CoreTest::Report(const v1::FencingToken& token,
                                                                int64_t step, double value) {
  v1::ReportMeasurementsRequest request;
  *request.mutable_token() = token;
  auto& measurement = *request.add_measurements();
  measurement.set_step(step);
  (*measurement.mutable_metrics())["validation_accuracy"] = value;
  return house_.Call(&Core::Report, request);
}

absl::StatusOr<v1::FinishWorkResponse> CoreTest::Complete(const v1::FencingToken& token) {
  v1::FinishWorkRequest request;
  *request.mutable_token() = token;
  request.mutable_completed();
  return house_.Call(&Core::Finish, request);
}

absl::StatusOr<v1::FinishWorkResponse> CoreTest::Fail(const v1::FencingToken& token,
                                                      const std::string& message) {
  v1::FinishWorkRequest request;
  *request.mutable_token() = token;
  request.mutable_failed()->set_message(message);
  return house_.Call(&Core::Finish, request);
}

void TestEvaluationTest::EndStudy(bool with_weights) {
  v1::Study study = NetworkStudy("s", 1);
  auto& idx = *study.mutable_trainer()->mutable_batch_norm_network()->mutable_data()->mutable_idx();
  idx.set_test_images("test-images");
  idx.set_test_labels("test-labels");
  Create(study);
  worker_ = house_.Register("w");
  const auto work = house_.Acquire(worker_);
  ASSERT_TRUE(Report(work.trial().token(), 1, 0.5).ok());
  if (with_weights) {
    storage::ArtifactRow row;
    row.step = 1;
    row.size = 10;
    row.file = "artifacts/1/0/1-weights-1.bin";
    house_.Queue<v1::UploadChunkResponse>(
        [token = ToToken(work.trial().token()), row](Core& core) {
          return core.RecordArtifact(token, row);
        },
        [](auto response) { ASSERT_TRUE(response.ok()); });
  }
  ASSERT_TRUE(Complete(work.trial().token()).ok());
}

absl::StatusOr<v1::AskTrialResponse> AskTest::Ask(const std::string& study, absl::Duration lease) {
  auto answer =
      std::make_shared<absl::StatusOr<v1::AskTrialResponse>>(absl::DeadlineExceededError("parked"));
  Poll poll;
  poll.id = 1'000'000 + ++asks_;
  poll.client_id = "asker";
  poll.sequence = asks_;
  poll.deadline = house_.clock.Steady() + absl::Seconds(10);
  poll.study = study;
  poll.lease_duration = lease;
  poll.ask_done = [answer](auto response) { *answer = std::move(response); };
  house_.QueuePoll(std::move(poll));
  house_.Settle();
  return *answer;
}

v1::TellTrialRequest AskTest::TellRequest(const v1::AskTrialResponse& asked, double value) {
  v1::TellTrialRequest request;
  request.set_study(asked.trial().study());
  request.set_number(asked.trial().number());
  *request.mutable_token() = asked.token();
  (*request.mutable_completed()->mutable_metrics())["accuracy"] = value;
  return request;
}

}  // namespace caviar::coordinator
