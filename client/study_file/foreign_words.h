// The words of other tuning tools, and what Caviar calls them.
#ifndef CAVIAR_CLIENT_STUDY_FILE_FOREIGN_WORDS_H_
#define CAVIAR_CLIENT_STUDY_FILE_FOREIGN_WORDS_H_

#include "absl/strings/string_view.h"

namespace caviar::study_file {

// Where a word was met: the section's own name, such as "objective"; "" is the top of the file and
// "parameter" the definition of one parameter.
//
// An answer such as `is W&B's word; write "sampler: {algorithm: sobol}"`, or "" where the word is
// nobody's.
absl::string_view AnswerToForeignKey(absl::string_view section, absl::string_view key);

// The same for the value of a key, such as scale: log_uniform_values.
absl::string_view AnswerToForeignValue(absl::string_view key, absl::string_view value);

}  // namespace caviar::study_file

#endif  // CAVIAR_CLIENT_STUDY_FILE_FOREIGN_WORDS_H_
