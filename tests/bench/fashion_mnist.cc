#include "tests/bench/fashion_mnist.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace caviar::bench {
namespace {

v1::Value ToValue(absl::string_view name, absl::string_view text) {
  v1::Value value;
  int64_t whole = 0;
  double number = 0;
  if (name == "units" || absl::StrContains(text, ':')) {
    value.set_string_value(absl::StrReplaceAll(text, {{":", ","}}));
  } else if (absl::SimpleAtoi(text, &whole)) {
    value.set_int_value(whole);
  } else if (absl::SimpleAtod(text, &number)) {
    value.set_double_value(number);
  } else if (text == "true" || text == "false") {
    value.set_bool_value(text == "true");
  } else {
    value.set_string_value(std::string(text));
  }
  return value;
}

}  // namespace

v1::Study FashionMnistStudy(int epochs) {
  v1::Study study;
  study.set_name("bench");
  study.mutable_objective()->set_metric("validation_accuracy");
  study.mutable_objective()->set_goal(v1::Objective::MAXIMIZE);
  study.mutable_sampler()->set_seed(1);
  auto& trainer = *study.mutable_trainer()->mutable_batch_norm_network();
  trainer.set_epochs(epochs);
  trainer.mutable_data()->set_validation_fraction(0.1);
  auto& files = *trainer.mutable_data()->mutable_idx();
  files.set_train_images("train-images-idx3-ubyte.gz");
  files.set_train_labels("train-labels-idx1-ubyte.gz");
  return study;
}

v1::Trial TrialOf(const std::string& settings) {
  v1::Trial trial;
  for (const absl::string_view setting : absl::StrSplit(settings, ',')) {
    const std::vector<absl::string_view> parts = absl::StrSplit(setting, '=');
    if (parts.size() != 2) {
      std::fprintf(stderr, "\"%s\" is no setting; write name=value\n",
                   std::string(setting).c_str());
      std::exit(2);
    }
    (*trial.mutable_parameters())[std::string(parts[0])] = ToValue(parts[0], parts[1]);
  }
  return trial;
}

}  // namespace caviar::bench
