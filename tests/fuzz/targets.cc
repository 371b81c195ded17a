#include "tests/fuzz/targets.h"

namespace caviar::fuzz {

std::vector<Target> AllTargets() {
  return {{"archive", Archive},
          {"backup", Backup},
          {"checkpoint", TrainingCheckpoint},
          {"constraint", Constraint},
          {"csv", Csv},
          {"idx", Idx},
          {"npy", Npy},
          {"npz", Npz},
          {"request", Request},
          {"study", Study},
          {"study_file", StudyFile},
          {"trial_page", TrialPage}};
}

}  // namespace caviar::fuzz
