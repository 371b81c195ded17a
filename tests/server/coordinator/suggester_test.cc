#include "server/coordinator/suggester.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"

namespace caviar::coordinator {
namespace {

std::shared_ptr<const search_space::SearchSpace> Space() {
  google::protobuf::RepeatedPtrField<v1::Parameter> parameters;
  v1::Parameter& x = *parameters.Add();
  x.set_name("x");
  x.set_type(v1::Parameter::DOUBLE);
  x.set_min(0);
  x.set_max(1);
  return std::make_shared<const search_space::SearchSpace>(
      search_space::SearchSpace::Create(parameters).value());
}

// Does nothing until it is let go on.
class SlowSampler : public sampling::Sampler {
 public:
  std::optional<search_space::Point> SuggestPoint(const search_space::SearchSpace&,
                                                  const sampling::SamplerInput& input) override {
    EXPECT_FALSE(std::exchange(at_work_, true)) << "one task at a time";
    if (!started_.HasBeenNotified()) started_.Notify();
    go_on_.WaitForNotification();
    numbers_.push_back(input.number);
    at_work_ = false;
    return search_space::Point{0.5};
  }
  bool UsesHistory() const override { return true; }

  absl::Notification started_, go_on_;
  bool at_work_ = false;
  std::vector<int32_t> numbers_;
};

class QuickSampler : public sampling::Sampler {
 public:
  std::optional<search_space::Point> SuggestPoint(const search_space::SearchSpace&,
                                                  const sampling::SamplerInput& input) override {
    numbers_.push_back(input.number);
    return search_space::Point{0.25};
  }
  bool UsesHistory() const override { return true; }
  std::vector<int32_t> numbers_;
};

SuggestionTask Task(const std::shared_ptr<sampling::Sampler>& sampler, int32_t number) {
  SuggestionTask task{Space(), sampler, {}};
  task.input.number = number;
  return task;
}

TEST(BackgroundSuggester, ASlowSamplerKeepsNoOtherWaiting) {
  const auto slow = std::make_shared<SlowSampler>();
  const auto quick = std::make_shared<QuickSampler>();
  BackgroundSuggester suggester(2);
  absl::Notification slow_is_done, quick_is_done;
  suggester.Compute(Task(slow, 0), [&](const MaybeConfiguration&) { slow_is_done.Notify(); });
  slow->started_.WaitForNotification();
  suggester.Compute(Task(quick, 0), [&](const MaybeConfiguration& found) {
    EXPECT_TRUE(found);
    quick_is_done.Notify();
  });
  quick_is_done.WaitForNotification();
  EXPECT_FALSE(slow_is_done.HasBeenNotified());
  slow->go_on_.Notify();
  slow_is_done.WaitForNotification();
}

TEST(BackgroundSuggester, ASamplersTasksRunOneAfterTheOtherInTheirOrder) {
  constexpr int kTasks = 500;
  std::vector<std::shared_ptr<QuickSampler>> samplers;
  for (int i = 0; i < 5; ++i) samplers.push_back(std::make_shared<QuickSampler>());
  absl::BlockingCounter left(kTasks * static_cast<int>(samplers.size()));
  BackgroundSuggester suggester(4);
  std::vector<int32_t> expected;
  for (int32_t number = 0; number < kTasks; ++number) {
    expected.push_back(number);
    for (const auto& sampler : samplers) {
      suggester.Compute(Task(sampler, number),
                        [&](const MaybeConfiguration&) { left.DecrementCount(); });
    }
  }
  left.Wait();
  for (const auto& sampler : samplers) EXPECT_EQ(sampler->numbers_, expected);
}

TEST(BackgroundSuggester, ItsEndFinishesWhatIsAtWork) {
  const auto slow = std::make_shared<SlowSampler>();
  int delivered = 0;
  {
    BackgroundSuggester suggester(1);
    for (int32_t number = 0; number < 3; ++number) {
      suggester.Compute(Task(slow, number), [&](const MaybeConfiguration&) { ++delivered; });
    }
    slow->started_.WaitForNotification();
    slow->go_on_.Notify();
  }
  EXPECT_GE(delivered, 1);
  EXPECT_EQ(static_cast<size_t>(delivered), slow->numbers_.size());
}

}  // namespace
}  // namespace caviar::coordinator
