// What a trial measured, as people look at it: a table, curves, and what they say.
#ifndef CAVIAR_CLIENT_COMMANDS_TRIAL_CURVES_H_
#define CAVIAR_CLIENT_COMMANDS_TRIAL_CURVES_H_

#include <string>

#include "caviar/v1/trial.pb.h"

namespace caviar::commands {

struct CurveStyle {
  // Columns.
  int width = 80;
  bool unicode = false;
  bool colors = false;
};

// A row a step and a column a metric; a plot for each pair train_X and validation_X; each other
// metric in one line; and FitSentence. "" where nothing was measured.
std::string TrialCurves(const v1::Trial& trial, const CurveStyle& style);

}  // namespace caviar::commands

#endif  // CAVIAR_CLIENT_COMMANDS_TRIAL_CURVES_H_
