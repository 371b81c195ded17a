// Collects what is wrong with the fields of one request. Used by request_checks.cc only.
#ifndef CAVIAR_SERVER_API_FIELD_CHECKER_H_
#define CAVIAR_SERVER_API_FIELD_CHECKER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "caviar/v1/measurement.pb.h"
#include "caviar/v1/request.pb.h"
#include "caviar/v1/search_space.pb.h"
#include "caviar/v1/study.pb.h"
#include "caviar/v1/trial.pb.h"
#include "caviar/v1/worker_service.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/map.h"

namespace caviar::server_api {

// A value as it may stand in an error: quoted, printable ASCII, at most 64 bytes of it.
std::string Quoted(absl::string_view value);

// Each method adds a violation where its rule does not hold.
class FieldChecker {
 public:
  // More than these are not collected: an answer's metadata has to stay small.
  static constexpr size_t kMaxViolations = 20;
  static constexpr int kMaxValues = 1000;     // metric values a request
  static constexpr int kMaxTextBytes = 4096;  // messages for people
  static constexpr int kMaxParameters = 256;
  static constexpr int kMaxNameBytes = 128;
  static constexpr int kMaxWordBytes = 256;
  static constexpr int kMaxChunkBytes = 1 << 20;
  static constexpr int64_t kMaxFileBytes = int64_t{1} << 30;
  static constexpr int kMaxClasses = 256;
  static constexpr size_t kMaxClassNameBytes = 256;

  void Require(bool holds, absl::string_view field, absl::string_view description);
  // `value` in [min, max].
  void Range(absl::string_view field, int64_t value, int64_t min, int64_t max);
  // `value` of min to max bytes.
  void Length(absl::string_view field, absl::string_view value, size_t min, size_t max);

  void Id(const std::string& field, bool present, const v1::RequestId& id);
  void StudyName(absl::string_view field, absl::string_view name);
  void MetricName(absl::string_view field, absl::string_view name);
  void WorkerId(absl::string_view field, absl::string_view id);
  void Token(const std::string& field, bool present, const v1::FencingToken& token);
  void Tokens(const google::protobuf::RepeatedPtrField<v1::FencingToken>& tokens);
  void Step(absl::string_view field, int64_t step);
  void Metrics(const std::string& field, const google::protobuf::Map<std::string, double>& metrics);
  // The shape of a configuration: whether the study has such parameters, and takes such values, is
  // the coordinator's to say.
  void Values(const std::string& field, const google::protobuf::Map<std::string, v1::Value>& all);
  void Measurements(const google::protobuf::RepeatedPtrField<v1::Measurement>& measurements);
  // A confusion matrix, and what follows from it.
  void Classes(const std::string& field,
               const google::protobuf::RepeatedPtrField<v1::ClassResult>& classes);
  void Duration(absl::string_view field, const google::protobuf::Duration& duration,
                absl::Duration min, absl::Duration max);
  void ArtifactKind(absl::string_view field, v1::Artifact::Kind kind);

  // INVALID_ARGUMENT with what was found, or OK.
  absl::Status Result() &&;

 private:
  // `share` in [0, 1].
  void Share(absl::string_view field, double share);
  // Of one class among `classes`.
  void Counts(const std::string& field, const v1::ClassResult& result, int classes);

  std::vector<v1::FieldViolation> violations_;
};

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_FIELD_CHECKER_H_
