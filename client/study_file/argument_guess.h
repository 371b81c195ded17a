// What an argument of a training program is, guessed from its name and its value.
#ifndef CAVIAR_CLIENT_STUDY_FILE_ARGUMENT_GUESS_H_
#define CAVIAR_CLIENT_STUDY_FILE_ARGUMENT_GUESS_H_

#include <string>

namespace caviar::study_file {

struct ArgumentGuess {
  enum class Kind {
    // Stays as it is.
    kFixed,
    // A parameter, defined by `definition`, a flow mapping.
    kParameter,
    // The study knows the value: `placeholder`, such as ${output_dir}.
    kPlaceholder,
  };
  Kind kind = Kind::kFixed;
  std::string definition;
  std::string placeholder;
  // For the file's reader, without "#"; may be empty.
  std::string comment;
};

// `name` without its dashes.
ArgumentGuess GuessArgument(const std::string& name, const std::string& value);

}  // namespace caviar::study_file

#endif  // CAVIAR_CLIENT_STUDY_FILE_ARGUMENT_GUESS_H_
