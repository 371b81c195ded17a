#include "server/api/request_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"

namespace caviar::server_api {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> BadFields(const absl::Status& status) {
  std::vector<std::string> fields;
  const auto detail = error::Detail(status);
  if (!detail) return fields;
  for (const auto& violation : detail->field_violations()) fields.push_back(violation.field());
  return fields;
}

void SetId(v1::RequestId* id) {
  id->set_client_id("0123456789abcdef0123456789abcdef");
  id->set_sequence(1);
}

void SetToken(v1::FencingToken* token) {
  token->set_epoch(1);
  token->set_counter(1);
}

TEST(RequestChecks, AMutationNeedsItsId) {
  v1::StopStudyRequest request;
  request.set_study("mnist");
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("request_id"));
  SetId(request.mutable_request_id());
  EXPECT_TRUE(CheckRequest(request).ok());
  request.mutable_request_id()->set_sequence(0);
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("request_id.sequence"));
}

TEST(RequestChecks, AClientIdIs32LowerCaseHexDigits) {
  v1::DeleteStudyRequest request;
  request.set_study("mnist");
  SetId(request.mutable_request_id());
  for (const char* id : {"", "0123", "0123456789ABCDEF0123456789abcdef",
                         "0123456789abcdef0123456789abcdeg", "0123456789abcdef0123456789abcdef0"}) {
    request.mutable_request_id()->set_client_id(id);
    EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("request_id.client_id")) << id;
  }
}

TEST(RequestChecks, AValidationNeedsNoId) {
  v1::CreateStudyRequest request;
  request.set_validate_only(true);
  request.mutable_study();
  EXPECT_TRUE(CheckRequest(request).ok());
  request.clear_study();
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("study"));
}

TEST(RequestChecks, AStudysNameIsCheckedAndQuotedSafely) {
  v1::GetStudyRequest request;
  for (const std::string& name :
       {std::string(), std::string(64, 'a'), std::string(".hidden"), std::string("../up"),
        std::string("a b"), std::string("a\nb"), std::string("\xC3\xA4")}) {
    request.set_study(name);
    const absl::Status status = CheckRequest(request);
    EXPECT_THAT(BadFields(status), ElementsAre("study")) << name;
    EXPECT_EQ(std::string(status.message()).find('\n'), std::string::npos);
  }
  request.set_study(std::string(63, 'a'));
  EXPECT_TRUE(CheckRequest(request).ok());
}

TEST(RequestChecks, AnOrderIsOneOfTheKnownOnes) {
  v1::ListTrialsRequest request;
  request.set_study("mnist");
  for (const char* order : {"", "number", "objective desc", "end_time"}) {
    request.set_order_by(order);
    EXPECT_TRUE(CheckRequest(request).ok()) << order;
  }
  for (const char* order : {" desc", "objective asc", "loss", "number desc desc"}) {
    request.set_order_by(order);
    EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("order_by")) << order;
  }
}

TEST(RequestChecks, StatesThatAreNoneAreRefused) {
  v1::ListTrialsRequest request;
  request.set_study("mnist");
  request.add_states(v1::Trial::RUNNING);
  request.add_states(static_cast<v1::Trial::State>(77));
  request.add_states(v1::Trial::STATE_UNSPECIFIED);
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("states[1]", "states[2]"));
}

TEST(RequestChecks, MeasurementsAreBoundedInNumberStepAndName) {
  v1::ReportMeasurementsRequest request;
  SetToken(request.mutable_token());
  v1::Measurement* measurement = request.add_measurements();
  measurement->set_step(int64_t{1} << 53);
  (*measurement->mutable_metrics())["9lives"] = 1;
  request.add_measurements();
  EXPECT_THAT(
      BadFields(CheckRequest(request)),
      ElementsAre("measurements[0].step", "measurements[0].metrics", "measurements[1].metrics"));

  request.clear_measurements();
  measurement = request.add_measurements();
  for (int i = 0; i < 1000; ++i) (*measurement->mutable_metrics())[absl::StrCat("m", i)] = i;
  EXPECT_TRUE(CheckRequest(request).ok());
  (*request.add_measurements()->mutable_metrics())["one_more"] = 0;
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("measurements"));
}

TEST(RequestChecks, ATokenCountsFromOne) {
  v1::ReportMeasurementsRequest request;
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("token"));
  SetToken(request.mutable_token());
  EXPECT_TRUE(CheckRequest(request).ok());
  request.mutable_token()->set_counter(0);
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("token"));
}

TEST(RequestChecks, DurationsHaveTheirRange) {
  v1::AskTrialRequest request;
  SetId(request.mutable_request_id());
  request.set_study("mnist");
  EXPECT_TRUE(CheckRequest(request).ok());
  const auto accepts = [&](int64_t seconds, int32_t nanos) {
    request.mutable_lease()->set_seconds(seconds);
    request.mutable_lease()->set_nanos(nanos);
    return CheckRequest(request).ok();
  };
  EXPECT_TRUE(accepts(1, 0));
  EXPECT_TRUE(accepts(30 * 24 * 3600, 0));
  EXPECT_FALSE(accepts(30 * 24 * 3600, 1));
  EXPECT_FALSE(accepts(0, 999'999'999));
  EXPECT_FALSE(accepts(5, -1));
  EXPECT_FALSE(accepts(INT64_MAX, 0));
  EXPECT_FALSE(accepts(5, 1'000'000'000));
}

TEST(RequestChecks, AnOutcomeIsRequiredAndItsTextBounded) {
  v1::FinishWorkRequest request;
  SetToken(request.mutable_token());
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("outcome"));
  request.mutable_failed()->set_message(std::string(4097, 'x'));
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("failed.message"));
  request.mutable_failed()->set_message(std::string(4096, 'x'));
  EXPECT_TRUE(CheckRequest(request).ok());
  request.mutable_infeasible()->set_step(-1);
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("infeasible.step"));
  request.mutable_evaluated();
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("evaluated.metrics"));
}

TEST(RequestChecks, AnAddedTrialHasNamesThatParametersHaveAndBoundedValues) {
  v1::AddTrialRequest request;
  request.mutable_request_id()->set_client_id("0123456789abcdef0123456789abcdef");
  request.mutable_request_id()->set_sequence(1);
  request.set_study("s");
  (*request.mutable_parameters())["learning_rate"].set_double_value(1);
  EXPECT_TRUE(CheckRequest(request).ok()) << CheckRequest(request);
  request.mutable_completed();
  EXPECT_THAT(std::string(CheckRequest(request).message()), HasSubstr("completed.metrics"));
  (*request.mutable_completed()->mutable_metrics())["loss"] = 1;
  EXPECT_TRUE(CheckRequest(request).ok());

  const auto with = [&](const std::string& name, const std::string& text) {
    v1::AddTrialRequest changed = request;
    v1::Value& value = (*changed.mutable_parameters())[name];
    if (!text.empty()) value.set_string_value(text);
    return CheckRequest(changed);
  };
  EXPECT_TRUE(with("x", "a").ok());
  EXPECT_FALSE(with("x", "").ok()) << "no value";
  EXPECT_FALSE(with("x", std::string(257, 'a')).ok());
  EXPECT_FALSE(with("", "a").ok());
  EXPECT_FALSE(with("a\nb", "a").ok());
  EXPECT_FALSE(with(std::string(129, 'a'), "a").ok());
  for (int i = 0; i < 257; ++i) {
    (*request.mutable_parameters())["p" + std::to_string(i)].set_int_value(i);
  }
  EXPECT_FALSE(CheckRequest(request).ok());
  request.clear_request_id();
  EXPECT_FALSE(CheckRequest(request).ok());
}

TEST(RequestChecks, AConfusionMatrixIsSquareAndAddsUp) {
  v1::FinishWorkRequest request;
  SetToken(request.mutable_token());
  v1::Evaluated& evaluated = *request.mutable_evaluated();
  (*evaluated.mutable_metrics())["test_accuracy"] = 0.5;
  for (int i = 0; i < 256; ++i) {
    v1::ClassResult& result = *evaluated.add_classes();
    result.set_name(std::string(256, 'x'));
    result.set_recall(1);
    result.set_examples(3);
    result.mutable_predicted_as()->Resize(256, 0);
    result.set_predicted_as(i, 3);
  }
  EXPECT_TRUE(CheckRequest(request).ok());
  evaluated.mutable_classes(0)->set_name(std::string(257, 'x'));
  evaluated.mutable_classes(1)->set_precision(std::nan(""));
  evaluated.mutable_classes(2)->set_recall(1.5);
  evaluated.mutable_classes(3)->set_f1(-1);
  evaluated.mutable_classes(4)->add_predicted_as(0);
  evaluated.mutable_classes(5)->set_predicted_as(7, -1);
  evaluated.mutable_classes(6)->set_predicted_as(9, INT64_MAX);
  evaluated.mutable_classes(7)->set_examples(4);
  EXPECT_THAT(
      BadFields(CheckRequest(request)),
      ElementsAre("evaluated.classes[0].name", "evaluated.classes[1].precision",
                  "evaluated.classes[2].recall", "evaluated.classes[3].f1",
                  "evaluated.classes[4].predicted_as", "evaluated.classes[5].predicted_as[7]",
                  "evaluated.classes[6].predicted_as[9]", "evaluated.classes[7].examples"));
  evaluated.add_classes();
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("evaluated.classes"));
}

TEST(RequestChecks, ADownloadNamesItsTrialOrNone) {
  v1::DownloadModelRequest request;
  request.set_study("mnist");
  EXPECT_TRUE(CheckRequest(request).ok());
  request.set_number(-1);
  request.set_offset(-1);
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("number", "offset"));
}

TEST(RequestChecks, WhatIsToBeAnalyzedIsNamed) {
  v1::GetImportanceRequest importance;
  EXPECT_THAT(BadFields(CheckRequest(importance)), ElementsAre("study"));
  importance.set_study("mnist");
  EXPECT_TRUE(CheckRequest(importance).ok());
  importance.set_metric(std::string(129, 'm'));
  EXPECT_THAT(BadFields(CheckRequest(importance)), ElementsAre("metric"));

  v1::LintStudyRequest lint;
  EXPECT_THAT(BadFields(CheckRequest(lint)), ElementsAre("what"));
  lint.set_study("");
  EXPECT_THAT(BadFields(CheckRequest(lint)), ElementsAre("study"));
  lint.mutable_definition();
  EXPECT_TRUE(CheckRequest(lint).ok());

  v1::ReplayPrunerRequest replay;
  EXPECT_THAT(BadFields(CheckRequest(replay)), ElementsAre("study", "pruner"));
  replay.set_study("mnist");
  replay.mutable_pruner();
  EXPECT_TRUE(CheckRequest(replay).ok());
}

TEST(RequestChecks, AWorkerSaysItsNameAndSlots) {
  v1::RegisterWorkerRequest request;
  SetId(request.mutable_request_id());
  request.set_name("host:1");
  request.set_version("0.1.0");
  request.set_slots(1024);
  EXPECT_TRUE(CheckRequest(request).ok());
  request.set_slots(0);
  request.set_name("bell\a");
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("name", "slots"));
}

TEST(RequestChecks, AWorkersNumericsAreOneShortLine) {
  v1::RegisterWorkerRequest request;
  SetId(request.mutable_request_id());
  request.set_name("host:1");
  request.set_version("0.1.0");
  request.set_slots(1);
  request.set_numerics_fingerprint(std::string(510, 'x') + "\xC3\xA4");
  EXPECT_TRUE(CheckRequest(request).ok());
  request.set_numerics_fingerprint(std::string(513, 'x'));
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("numerics_fingerprint"));
  request.set_numerics_fingerprint("two\nlines");
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("numerics_fingerprint"));
}

TEST(RequestChecks, ACheckpointThatCannotBeUsedIsThatOfOneGrant) {
  v1::GiveBackWorkRequest request;
  SetToken(request.add_tokens());
  request.set_unusable_checkpoint("damaged");
  EXPECT_TRUE(CheckRequest(request).ok());
  SetToken(request.add_tokens());
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("unusable_checkpoint"));
  request.clear_unusable_checkpoint();
  EXPECT_TRUE(CheckRequest(request).ok());
  request.mutable_tokens()->RemoveLast();
  request.set_unusable_checkpoint(std::string(4097, 'x'));
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("unusable_checkpoint"));
}

TEST(RequestChecks, AWorkersTroubleIsAboutOneGrantAndNotItsCheckpoint) {
  v1::GiveBackWorkRequest request;
  SetToken(request.add_tokens());
  request.set_worker_trouble("no room");
  EXPECT_TRUE(CheckRequest(request).ok());
  SetToken(request.add_tokens());
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("worker_trouble"));
  request.mutable_tokens()->RemoveLast();
  request.set_unusable_checkpoint("damaged");
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("worker_trouble"));
  request.clear_unusable_checkpoint();
  request.set_worker_trouble(std::string(4097, 'x'));
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("worker_trouble"));
}

TEST(RequestChecks, AChunkFitsItsFile) {
  v1::UploadChunkRequest request;
  SetToken(request.mutable_token());
  request.set_kind(v1::Artifact::WEIGHTS);
  request.set_size(9);
  request.set_data("123456789");
  EXPECT_TRUE(CheckRequest(request).ok());
  request.set_kind(v1::Artifact::MODEL);
  EXPECT_TRUE(CheckRequest(request).ok());
  request.set_kind(static_cast<v1::Artifact::Kind>(4));
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("kind"));
  request.set_kind(v1::Artifact::WEIGHTS);
  request.set_offset(1);
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("offset"));
  request.set_offset(INT64_MIN);
  EXPECT_THAT(BadFields(CheckRequest(request)), Contains("offset"));
  request.set_size(INT64_MIN);
  EXPECT_THAT(BadFields(CheckRequest(request)), Contains("size"));
}

TEST(RequestChecks, ACodeHashIsSixtyFourHexDigits) {
  v1::DownloadCodeRequest request;
  for (const std::string& bad :
       {std::string(), std::string("../../etc/passwd"), std::string(64, 'A'), std::string(63, 'a'),
        std::string(64, '/')}) {
    request.set_sha256(bad);
    EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("sha256")) << bad;
  }
  request.set_sha256(std::string(64, 'a'));
  EXPECT_TRUE(CheckRequest(request).ok());
  request.set_offset(-1);
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("offset"));
}

TEST(RequestChecks, AChunkOfCodeLiesWithinItsArchive) {
  v1::UploadCodeRequest request;
  request.mutable_archive()->set_sha256(std::string(64, '0'));
  request.mutable_archive()->set_size(10);
  EXPECT_TRUE(CheckRequest(request).ok()) << "asks whether it is there";
  request.set_offset(8);
  request.set_data("ab");
  EXPECT_TRUE(CheckRequest(request).ok());
  request.set_data("");
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("data"));
  request.set_data("abc");
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("offset"));
  request.mutable_archive()->set_size((50 << 20) + 1);
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("archive.size"));
}

TEST(RequestChecks, APieceOfALogIsBounded) {
  v1::AppendLogRequest request;
  SetToken(request.mutable_token());
  request.set_data(std::string(256 << 10, 'x'));
  EXPECT_TRUE(CheckRequest(request).ok());
  request.set_data(std::string((256 << 10) + 1, 'x'));
  EXPECT_THAT(BadFields(CheckRequest(request)), ElementsAre("data"));
}

TEST(RequestChecks, AWorkersResourcesAreNumbersFromZero) {
  v1::RegisterWorkerRequest request;
  SetId(request.mutable_request_id());
  request.set_name("w");
  request.set_version("1");
  request.set_slots(1);
  request.mutable_resources()->set_cpus(0.5);
  EXPECT_TRUE(CheckRequest(request).ok());
  request.mutable_resources()->set_cpus(std::nan(""));
  request.mutable_resources()->set_gpus(-1);
  request.mutable_resources()->mutable_memory()->set_bytes(-1);
  EXPECT_THAT(BadFields(CheckRequest(request)),
              ElementsAre("resources.cpus", "resources.gpus", "resources.memory"));
}

TEST(RequestChecks, ManyFaultsAreCutAtTwenty) {
  v1::ReportMeasurementsRequest request;
  SetToken(request.mutable_token());
  for (int i = 0; i < 500; ++i) request.add_measurements()->set_step(-1);
  EXPECT_EQ(BadFields(CheckRequest(request)).size(), 20u);
}

TEST(RequestChecks, CancellingNamesTrialsButNotTooMany) {
  v1::CancelTrialsRequest request;
  request.mutable_request_id()->set_client_id("0123456789abcdef0123456789abcdef");
  request.mutable_request_id()->set_sequence(1);
  request.set_study("s");
  EXPECT_TRUE(absl::IsInvalidArgument(CheckRequest(request)));
  request.add_numbers(-1);
  EXPECT_TRUE(absl::IsInvalidArgument(CheckRequest(request)));
  request.set_numbers(0, 1);
  EXPECT_TRUE(CheckRequest(request).ok()) << CheckRequest(request);
  for (int i = 0; i < 200; ++i) request.add_numbers(i);
  EXPECT_TRUE(absl::IsInvalidArgument(CheckRequest(request)));
}

TEST(RequestChecks, OnlyADryRunOfAnUpdateNeedsNoId) {
  v1::UpdateStudyRequest request;
  request.set_study("s");
  request.mutable_definition();
  EXPECT_TRUE(absl::IsInvalidArgument(CheckRequest(request)));
  request.set_validate_only(true);
  EXPECT_TRUE(CheckRequest(request).ok()) << CheckRequest(request);
  request.clear_definition();
  EXPECT_TRUE(absl::IsInvalidArgument(CheckRequest(request)));
}

}  // namespace
}  // namespace caviar::server_api
