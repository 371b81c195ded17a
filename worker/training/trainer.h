// Trainers evaluate configurations.
//
// Trainer is what a worker's slot runs; the built-in one trains batch-norm networks
// (batch_norm_network_trainer.h), the command trainer runs the user's own program (command/). This
// room knows networks and data. It must never know leases, calls or the coordinator: whoever runs a
// trainer passes an AttemptObserver.
#ifndef CAVIAR_WORKER_TRAINING_TRAINER_H_
#define CAVIAR_WORKER_TRAINING_TRAINER_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "caviar/v1/measurement.pb.h"
#include "caviar/v1/study.pb.h"
#include "caviar/v1/trial.pb.h"

namespace caviar::training {

// How a training ended.
struct Outcome {
  enum class Kind {
    kCompleted,   // trained to its end
    kFailed,      // the trainer broke: message says what, where and what to do
    kInfeasible,  // diverged at `step`: the loss was not finite
    kStopped,     // the observer said stop
    // The checkpoint to go on from is damaged, or of another format: message says which. Nothing
    // was measured.
    kUnusableCheckpoint,
    // This worker cannot do it now, another may (it has no room, cannot get at the checkpoint to go
    // on from): message says why. Nothing was measured.
    kWorkerTrouble,
    // The user's program asks for another attempt: message says why.
    kRunAgain,
  };
  Kind kind = Kind::kCompleted;
  std::string message;
  int64_t step = 0;
  // kCompleted: the network at the step whose measurement is the objective, in the format of
  // worker/network; and that step.
  std::string weights;
  int64_t weights_step = 0;
  // kCompleted: the same network as ONNX, for other programs. Empty where there can be none:
  // `no_model` says why.
  std::string model;
  std::string no_model;
};

// How kept weights did on the test set.
struct TestResult {
  // test_accuracy, test_loss, and test_macro_f1: the mean of the classes' F1.
  std::map<std::string, double> metrics;
  // In the classes' order; none where there are more than kMaxReportedClasses.
  std::vector<v1::ClassResult> classes;
};
inline constexpr int kMaxReportedClasses = 256;

// What to train. All of it outlives the training.
struct AttemptWork {
  // Its definition.
  const v1::Study& study;
  // Number and parameters.
  const v1::Trial& trial;
  // What an earlier attempt handed to OnCheckpoint: the training goes on from there bit for bit,
  // and measures only what comes after. nullptr: it starts anew.
  const std::string* checkpoint = nullptr;
  // 1, 2, ... within the trial.
  int32_t attempt = 1;
  // Of studies with uploaded code: the file that holds the archive. Empty: there is none.
  std::string code_archive = {};
};

// Watches one attempt. Called from the threads of the training; but for AwaitAnswers no call waits
// for the network.
class AttemptObserver {
 public:
  virtual ~AttemptObserver() = default;
  // Takes a measurement. Steps do not fall, and a metric comes once a step; those of a trainer that
  // makes checkpoints count from 1.
  virtual void OnMeasurement(const v1::Measurement& measurement) = 0;
  // Takes all the state from which the training goes on, at most 1 GiB. `step` is the last one
  // measured before it, 0: none was yet. Only the newest checkpoint matters: one that is not stored
  // yet may give way to it.
  virtual void OnCheckpoint(int64_t step, std::string checkpoint) = 0;
  // The steps of those handed in that somebody may go on from: first the last one that is known to
  // be stored, then those that wait or are on their way. The others will not be stored. Empty: as
  // where no checkpoint is kept.
  virtual std::set<int64_t> CheckpointsInUse() const { return {}; }
  // Asked before every update; true ends the training soon after. Cheap: an atomic read.
  virtual bool StopRequested() const = 0;
  // As StopRequested. True: the attempt is about to be stopped and will go on elsewhere. Hand in a
  // checkpoint, then return kStopped. StopRequested is true as well, so that it is enough to ask
  // this one when about to stop.
  virtual bool CheckpointRequested() const = 0;
  // Takes what the user's program printed, in order, at most 10 MiB in all.
  virtual void OnLog(absl::string_view text) = 0;
  // Blocks, unlike the others, until the coordinator has answered all measurements so far, so that
  // StopRequested and CheckpointRequested say what it made of them; or for `at_most`, or until the
  // attempt is to stop.
  virtual void AwaitAnswers(absl::Duration at_most) = 0;
};

// Thread safe: a worker's slots share one.
class Trainer {
 public:
  virtual ~Trainer() = default;
  // Trains and blocks until that is over.
  virtual Outcome Train(const AttemptWork& work, AttemptObserver& observer) = 0;
  // Evaluates kept weights on the study's test set. UNAVAILABLE: this worker cannot do it now,
  // another may.
  virtual absl::StatusOr<TestResult> Evaluate(const v1::Study& study, const v1::Trial& trial,
                                              const std::string& weights) = 0;
  // What its numbers depend on beside the configuration: instruction set, libraries, compiler
  // flags. Trainings under one fingerprint give the same bits. For people too: at most 512 bytes,
  // one line.
  virtual std::string NumericsFingerprint() const = 0;
};

}  // namespace caviar::training

#endif  // CAVIAR_WORKER_TRAINING_TRAINER_H_
