// The rules of the built-in trainer's hyperparameters, read from the options of
// BatchNormNetworkParameters. Internal to this room.
#ifndef CAVIAR_PROTO_CAVIAR_V1_HYPERPARAMETER_RULES_H_
#define CAVIAR_PROTO_CAVIAR_V1_HYPERPARAMETER_RULES_H_

#include <string>
#include <vector>

#include "caviar/v1/batch_norm_network_parameters.pb.h"
#include "caviar/v1/search_space.pb.h"
#include "google/protobuf/descriptor.h"

namespace caviar::vocabulary {

using google::protobuf::FieldDescriptor;

// The hyperparameter of that name; null: there is none.
const FieldDescriptor* FindField(const std::string& name);
const v1::Hyperparameter& RulesOf(const FieldDescriptor& field);

// What is wrong with a value, or with a number, as a value of this hyperparameter; "": nothing.
std::string CheckValue(const FieldDescriptor& field, const v1::Value& value);
std::string CheckNumber(const FieldDescriptor& field, double value);

// Says that the trainer has no hyperparameter of that name, and which one may be meant.
std::string UnknownName(const std::string& name);

// As a person would write it: 0.001, 1e-8, 64.
std::string FormatDouble(double value);
// "a, b or c"
std::string Alternatives(const std::vector<std::string>& words);
std::vector<std::string> Words(const google::protobuf::RepeatedPtrField<std::string>& words);
bool Contains(const std::vector<std::string>& words, const std::string& word);

}  // namespace caviar::vocabulary

#endif  // CAVIAR_PROTO_CAVIAR_V1_HYPERPARAMETER_RULES_H_
