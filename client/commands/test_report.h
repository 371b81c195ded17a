// How each class did on the test set.
#ifndef CAVIAR_CLIENT_COMMANDS_TEST_REPORT_H_
#define CAVIAR_CLIENT_COMMANDS_TEST_REPORT_H_

#include <string>

#include "caviar/v1/study.pb.h"

namespace caviar::commands {

// A row a class with precision, recall and F1; the confusion matrix, where there are at most 20
// classes and `width` columns have room for it; and a line with the pairs most often confused. Of
// more than 20 classes, those with the lowest F1. "" without classes.
std::string TestReport(const v1::TestEvaluation& evaluation, int width, bool colors);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_TEST_REPORT_H_
