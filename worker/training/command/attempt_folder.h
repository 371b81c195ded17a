// The folder of one attempt, below the worker's.
//
//   WORK_DIRECTORY/running/STUDY.TRIAL.ATTEMPT.NUMBER/   while it runs
//     code/              current, where the study names no other folder
//     output/            CAVIAR_OUTPUT_DIR
//     checkpoints/       CAVIAR_CHECKPOINT_DIR
//     latest/step-N      CAVIAR_LATEST_CHECKPOINT
//     parameters.json    CAVIAR_PARAMETERS_FILE
//   WORK_DIRECTORY/running/NUMBER                         its socket, with a short path
//   WORK_DIRECTORY/kept/STUDY.TRIAL.ATTEMPT.NUMBER/      when it is over and to be kept
//
// NUMBER counts the attempts of this worker: the others say what it is, for people. A study may be
// deleted and made anew while the program of the old one still ends, and two names may look alike.
#ifndef CAVIAR_WORKER_TRAINING_COMMAND_ATTEMPT_FOLDER_H_
#define CAVIAR_WORKER_TRAINING_COMMAND_ATTEMPT_FOLDER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace caviar::command {

class AttemptFolder {
 public:
  // Makes it, with its folders. `name` is "STUDY.TRIAL.ATTEMPT"; `number` is unique among those
  // that run here. UNAVAILABLE: what the disk says.
  static absl::StatusOr<std::unique_ptr<AttemptFolder>> Make(const std::string& work_directory,
                                                             const std::string& name,
                                                             int64_t number);
  // Removes it.
  ~AttemptFolder();
  AttemptFolder(const AttemptFolder&) = delete;
  AttemptFolder& operator=(const AttemptFolder&) = delete;

  std::string code() const { return path_ + "/code"; }
  std::string output() const { return path_ + "/output"; }
  std::string checkpoints() const { return path_ + "/checkpoints"; }
  std::string latest() const { return path_ + "/latest"; }
  std::string parameters_file() const { return path_ + "/parameters.json"; }
  const std::string& socket() const { return socket_; }
  // That of all attempts, for what a disk says: the same each time.
  std::string parent() const { return work_directory_ + "/running"; }

  // Moves it to where the newest kMostKept are kept, in place of one of the same name, and says
  // where that is.
  static constexpr size_t kMostKept = 100;
  absl::StatusOr<std::string> Keep();

 private:
  AttemptFolder(std::string work_directory, const std::string& name, int64_t number);

  const std::string work_directory_;
  const std::string name_;
  const std::string path_;
  const std::string socket_;
};

// Removes a folder with all in it, also where folders in there forbid that.
void RemoveFolder(const std::string& path);

}  // namespace caviar::command

#endif  // CAVIAR_WORKER_TRAINING_COMMAND_ATTEMPT_FOLDER_H_
