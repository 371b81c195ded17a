// What a study's best configuration came to, and what it learned from, the same in all commands.
#ifndef CAVIAR_CLIENT_COMMANDS_STUDY_TEXT_H_
#define CAVIAR_CLIENT_COMMANDS_STUDY_TEXT_H_

#include <optional>
#include <string>
#include <vector>

#include "caviar/v1/study.pb.h"
#include "caviar/v1/trial.pb.h"

namespace caviar::commands {

// How many trials each configuration gets, >= 1.
int RepeatsOf(const v1::Study& study);

// "0.9123 +- 0.0021"; without a standard error the mean alone. `is_short`: six digits.
std::string MeanText(double mean, std::optional<double> standard_error, bool is_short);

// "0.8912 +- 0.0021", of trials with one configuration; "" where none is completed.
std::string MeanText(const v1::Repeats& repeats);

// The best objective, where there is one; with repeats "0.9123 +- 0.0021".
std::string BestObjectiveText(const v1::Study& study, bool is_short);

// Why there is no best configuration in a study with repeats some of whose trials are COMPLETED.
std::string NoBestText(const v1::Study& study);

// "80 of 100 trials of mnist-1", for each study that it learned from.
std::vector<std::string> WarmStartTexts(const v1::Study& study);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_STUDY_TEXT_H_
