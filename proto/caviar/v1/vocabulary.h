// The words that all parts share, read from the messages' own descriptors.
//
// This room knows protobuf messages and nothing else of Caviar. All functions are pure and thread
// safe.
#ifndef CAVIAR_PROTO_CAVIAR_V1_VOCABULARY_H_
#define CAVIAR_PROTO_CAVIAR_V1_VOCABULARY_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "caviar/v1/batch_norm_network_parameters.pb.h"
#include "caviar/v1/request.pb.h"
#include "caviar/v1/search_space.pb.h"
#include "caviar/v1/study.pb.h"
#include "google/protobuf/map.h"

namespace caviar::vocabulary {

// The known name closest to `word` (optimal string alignment distance, case ignored), or "" where
// none is near: more than a third of the word's letters differ.
std::string NearestName(absl::string_view word, const std::vector<std::string>& known);

// How Study.message begins where trials wait and no worker that is known could run one.
inline constexpr absl::string_view kNoWorker = "no worker can run it";

// Within Study.message and TestEvaluation.message, where a worker had trouble of its own, before
// what that is.
inline constexpr absl::string_view kCouldNotDoIt = ", which could not do it: ";

// Names of the built-in trainer's hyperparameters, in order of importance.
std::vector<std::string> BatchNormNetworkParameterNames();

// A value as a person would write it in a study file: 0.001, 64, true, adam.
std::string FormatValue(const v1::Value& value);

// The numbers of a list as it stands in a Value, such as "512,256,128": at least one, each finite,
// separated by commas. nullopt: it is no such list.
std::optional<std::vector<double>> ParseList(absl::string_view text);

// Equal for values that mean the same in a search space: 1 and 1.0 do; 1 and "1" do not.
std::string ValueKey(const v1::Value& value);

// Whether `text` is well-formed UTF-8, as a string in a message must be.
bool IsUtf8(absl::string_view text);

// `text` in quotes for a message: cut after 80 bytes, and escaped where a terminal or a message
// could not take it.
std::string Quoted(absl::string_view text);

// What is wrong with a study's parameters as settings of the built-in trainer: unknown names (with
// the nearest known one), values out of range, and parameters that would be ignored (momentum under
// adam) because no `when` bounds them. Fields are paths in the study file's words, such as
// "parameters.momentum.max". The space itself (bounds, scales, conditions) is assumed valid.
std::vector<v1::FieldViolation> CheckBatchNormNetworkParameters(const v1::Study& study);

// A configuration as the trainer reads it: every field set, by the configuration or by its default.
// INVALID_ARGUMENT: an unknown name, a wrong type or a value out of range.
absl::StatusOr<v1::BatchNormNetworkParameters> ToBatchNormNetworkParameters(
    const google::protobuf::Map<std::string, v1::Value>& configuration);

}  // namespace caviar::vocabulary

#endif  // CAVIAR_PROTO_CAVIAR_V1_VOCABULARY_H_
