// The names of the study file: one table that reading, writing and the JSON Schema share.
//
// Types, enum words and nesting come from the messages' descriptors; the tables here say which
// fields a file may hold, under which name, and what they mean.
#ifndef CAVIAR_CLIENT_STUDY_FILE_FIELDS_H_
#define CAVIAR_CLIENT_STUDY_FILE_FIELDS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "google/protobuf/descriptor.h"

namespace caviar::study_file {

struct Field {
  // In the file.
  absl::string_view name;
  // In the message.
  absl::string_view proto_name;
  // For people, one line.
  absl::string_view about;
  // What the JSON Schema says beyond the type, as members of an object.
  absl::string_view constraint = "";
  // The coordinator refuses a study without it.
  bool required = false;
};

// One mapping of the file, or the part of it that is one message.
struct Section {
  absl::Span<const Field> fields;
  // Exactly one of the fields is to be given.
  bool one_of = false;
  // The message's oneof of this name is flattened: its member's name is the value of the key of
  // this name, and the member's fields stand beside it. Empty: there is none.
  absl::string_view flattened_oneof = "";
};

// The table of a message that is a section. Fatal for any other message.
const Section& SectionOf(const google::protobuf::Descriptor& message);

const google::protobuf::FieldDescriptor& ProtoField(const google::protobuf::Descriptor& message,
                                                    const Field& field);

// The members of a section's flattened oneof; empty where there is none.
std::vector<const google::protobuf::FieldDescriptor*> FlattenedMembers(
    const google::protobuf::Descriptor& message);

// What a field of a file is.
enum class Kind {
  kText,
  kTexts,    // a list of texts
  kTextMap,  // a mapping from names to texts
  kWhole,
  kNumber,
  kFlag,        // true or false
  kWord,        // an enum, in lower case
  kWords,       // a list of such
  kByteSize,    // "2GiB"
  kDuration,    // "30m"
  kSection,     // a mapping with a table of its own
  kSections,    // a list of such
  kValue,       // a scalar, or a list of numbers
  kValues,      // a list of such
  kConditions,  // a mapping from parameter names to a scalar or a list of them
  kParameters,  // a mapping from names to parameters
  kTrials,      // a list of mappings from parameter names to values
  kLinear,      // a list of texts like "a + 2 * b <= 1"
};
Kind KindOf(const google::protobuf::FieldDescriptor& field);

// The words of an enum, in lower case, without the unspecified one.
std::vector<std::string> WordsOf(const google::protobuf::EnumDescriptor& words);

// The section's path ("limits", "trainer.batch_norm_network.data") in which `name` would be known;
// "" if none.
std::string SectionThatKnows(absl::string_view name);

}  // namespace caviar::study_file

#endif  // CAVIAR_CLIENT_STUDY_FILE_FIELDS_H_
