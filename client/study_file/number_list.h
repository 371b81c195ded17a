// Lists of numbers as values of parameters: [512, 256] in a file, the text "512,256" in a message.
#ifndef CAVIAR_CLIENT_STUDY_FILE_NUMBER_LIST_H_
#define CAVIAR_CLIENT_STUDY_FILE_NUMBER_LIST_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/study_file/document.h"

namespace caviar::study_file {

// The most that a message holds.
inline constexpr size_t kMaxListBytes = 256;

// Whether a node is a list of numbers, at least one.
bool IsNumberList(const Node& node);

// Of a list of numbers, its text in a message; else problems are added, whose fields are `path` and
// "path[1]".
std::string JoinNumbers(const Node& list, const std::string& path, std::vector<Problem>& problems);

// Such a text as a file has it, "[512, 256]"; "" for any other text.
std::string BracketNumbers(const std::string& text);

}  // namespace caviar::study_file

#endif  // CAVIAR_CLIENT_STUDY_FILE_NUMBER_LIST_H_
