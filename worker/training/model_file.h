// The kept network as an ONNX file that says what it is.
#ifndef CAVIAR_WORKER_TRAINING_MODEL_FILE_H_
#define CAVIAR_WORKER_TRAINING_MODEL_FILE_H_

#include <string>
#include <vector>

#include "caviar/v1/study.pb.h"
#include "caviar/v1/trial.pb.h"
#include "worker/training/trainer.h"

namespace caviar::training {

// Sets `model`, or `no_model`, from the weights of a completed outcome; never fails the training.
// The file's metadata, texts and JSON:
//
//   study, trial, step     where it comes from
//   objective              "validation_accuracy": the metric that chose it
//   configuration          {"learning_rate": 0.01, ...}
//   class_names            ["ankle boot", ...], in the order of the probabilities
//   input_names            ["age", ...], in the order of the inputs; only where the data names them
void AddModel(const v1::Study& study, const v1::Trial& trial,
              const std::vector<std::string>& input_names, Outcome& outcome);

}  // namespace caviar::training

#endif  // CAVIAR_WORKER_TRAINING_MODEL_FILE_H_
