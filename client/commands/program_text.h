// What a study says of the user's own program, for people.
#ifndef CAVIAR_CLIENT_COMMANDS_PROGRAM_TEXT_H_
#define CAVIAR_CLIENT_COMMANDS_PROGRAM_TEXT_H_

#include <string>
#include <utility>
#include <vector>

#include "caviar/v1/study.pb.h"
#include "client/render/table.h"

namespace caviar::commands {

// Words as a shell would take them: python3 train.py '--name=a b'. Unlike there, ${...} is not
// quoted.
std::string WordsText(const std::vector<std::string>& words);

// "cpus 1, gpus 0, memory 2GiB", of those that are set.
std::string ResourcesText(const v1::Resources& resources);

// Of a study with a program: lines for render::RenderPairs, below that of its trainer.
std::vector<std::pair<std::string, render::Cell>> ProgramLines(const v1::Study& study);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_PROGRAM_TEXT_H_
