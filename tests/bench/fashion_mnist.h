// What the benchmarks train: one trial at a time, on Fashion-MNIST.
#ifndef CAVIAR_TESTS_BENCH_FASHION_MNIST_H_
#define CAVIAR_TESTS_BENCH_FASHION_MNIST_H_

#include <string>

#include "caviar/v1/study.pb.h"
#include "caviar/v1/trial.pb.h"

namespace caviar::bench {

// Where Debian's package dataset-fashion-mnist puts it.
inline constexpr char kFolder[] = "/usr/share/datasets/fashion-mnist";
// 60,000 images, of which a tenth validates.
inline constexpr int kTrainingExamples = 54000;
inline constexpr int kInputs = 784;
inline constexpr int kClasses = 10;

// A study whose data paths are relative to kFolder; it maximizes validation_accuracy.
v1::Study FashionMnistStudy(int epochs);

// Settings of the built-in trainer in one word: "units=256:128,batch_size=128,optimizer=adam". A
// value is a number, true or false, a word, or a list with colons between; `units` is always a
// list. Ends the program, with a message, where that is not the form.
v1::Trial TrialOf(const std::string& settings);

}  // namespace caviar::bench

#endif  // CAVIAR_TESTS_BENCH_FASHION_MNIST_H_
