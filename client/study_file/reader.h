// From a YAML tree to messages, by the tables of fields.h.
#ifndef CAVIAR_CLIENT_STUDY_FILE_READER_H_
#define CAVIAR_CLIENT_STUDY_FILE_READER_H_

#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/study_file/document.h"
#include "client/study_file/field_lines.h"
#include "client/study_file/fields.h"
#include "google/protobuf/message.h"

namespace caviar::study_file {

// Reads on after a mistake, so that one run finds them all. The references must outlive the reader.
class Reader {
 public:
  Reader(std::vector<Problem>& problems, FieldLines& lines) : problems_(problems), lines_(lines) {}

  // The fields of `node`, a mapping, into `message`. `path` is the node's own; "" is the file.
  void ReadSection(const Node& node, const std::string& path, google::protobuf::Message& message);

  // Paths of the numbers that were written without point and exponent.
  const std::set<std::string>& written_whole() const { return written_whole_; }

 private:
  struct Known {
    const Field* field;
    google::protobuf::Message* message;
  };
  using Entry = Node::Entry;

  void ReadField(const Known& known, const Entry& entry, const std::string& path);
  void ReadSections(const Known& known, const Entry& entry, const std::string& path);
  void ReadText(const Known& known, const Entry& entry, const std::string& path);
  void ReadNumber(const Known& known, const Entry& entry, const std::string& path);
  void ReadWhole(const Known& known, const Entry& entry, const std::string& path);
  void ReadFlag(const Known& known, const Entry& entry, const std::string& path);
  void ReadWord(const Known& known, const Entry& entry, const std::string& path);
  void ReadWords(const Known& known, const Entry& entry, const std::string& path);
  void ReadDuration(const Known& known, const Entry& entry, const std::string& path);
  void ReadByteSize(const Known& known, const Entry& entry, const std::string& path);
  void ReadTexts(const Known& known, const Entry& entry, const std::string& path);
  void ReadTextMap(const Known& known, const Entry& entry, const std::string& path);
  void ReadValues(const Known& known, const Entry& entry, const std::string& path);
  void ReadConditions(const Known& known, const Entry& entry, const std::string& path);
  void ReadTrials(const Known& known, const Entry& entry, const std::string& path);
  void ReadLinear(const Known& known, const Entry& entry, const std::string& path);
  void ReadParameters(const Known& known, const Entry& entry, const std::string& path);
  // Into a caviar.v1.Value: a scalar or a list of numbers.
  void ReadValue(const Node& node, int line, const std::string& path,
                 google::protobuf::Message& value);
  void ReadScalarValue(const Node& node, int line, const std::string& path,
                       google::protobuf::Message& value);

  // The value of a word of `key`'s enum; null, and reported, where it is none.
  const google::protobuf::EnumValueDescriptor* FindWord(
      const google::protobuf::EnumDescriptor& words, const std::string& key, const Node& node,
      int line, const std::string& path);
  // The member of the section's flattened oneof that the mapping is about: the one that its key
  // names, or else the only one that knows one of its keys. Null, and reported, where none can be
  // told.
  const google::protobuf::FieldDescriptor* ChooseFlattened(
      const Node& node, const std::string& path, const google::protobuf::Descriptor& message);
  void ReportUnknownKey(const Entry& entry, const std::string& path,
                        const google::protobuf::Descriptor& message,
                        const std::vector<std::string>& known);
  void Report(int line, const std::string& field, std::string what);

  std::vector<Problem>& problems_;
  FieldLines& lines_;
  std::set<std::string> written_whole_;
};

}  // namespace caviar::study_file

#endif  // CAVIAR_CLIENT_STUDY_FILE_READER_H_
