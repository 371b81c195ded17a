#include "client/commands/study_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "caviar/v1/counted.h"
#include "client/render/number.h"

namespace caviar::commands {

int RepeatsOf(const v1::Study& study) { return std::max(study.repeats(), 1); }

std::string MeanText(double mean, std::optional<double> standard_error, bool is_short) {
  std::string text = is_short ? render::FormatShortNumber(mean) : render::FormatNumber(mean);
  // More digits of an error would say nothing.
  if (standard_error) absl::StrAppend(&text, " +- ", render::FormatShortNumber(*standard_error));
  return text;
}

std::string MeanText(const v1::Repeats& repeats) {
  if (!repeats.has_mean()) return "";
  return MeanText(
      repeats.mean(),
      repeats.has_standard_error() ? std::optional(repeats.standard_error()) : std::nullopt,
      /*is_short=*/true);
}

std::string BestObjectiveText(const v1::Study& study, bool is_short) {
  return MeanText(
      study.best_objective(),
      study.has_best_standard_error() ? std::optional(study.best_standard_error()) : std::nullopt,
      is_short);
}

std::string NoBestText(const v1::Study& study) {
  const std::string text = "no configuration has completed with all its repeats";
  return study.constraints().empty() ? text : text + " and keeps the constraints in each";
}

std::vector<std::string> WarmStartTexts(const v1::Study& study) {
  std::vector<std::string> texts;
  const int known = std::min(
      {study.warm_start_size(), study.warm_start_trials_size(), study.warm_start_completed_size()});
  for (int i = 0; i < known; ++i) {
    texts.push_back(absl::StrCat(study.warm_start_trials(i), " of ",
                                 vocabulary::Counted(study.warm_start_completed(i), "trial"),
                                 " of ", study.warm_start(i)));
  }
  return texts;
}

}  // namespace caviar::commands
