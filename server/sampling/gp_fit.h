// Hyperparameters as a function of the history: a chain of fits over its beginnings.
#ifndef CAVIAR_SERVER_SAMPLING_GP_FIT_H_
#define CAVIAR_SERVER_SAMPLING_GP_FIT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "server/sampling/gp_model.h"
#include "server/sampling/gp_output.h"
#include "server/sampling/gp_points.h"
#include "server/search_space/model_space.h"

namespace caviar::sampling::gp {

// What trials that teach something were and brought, in the order in which they became final.
struct Lessons {
  std::vector<search_space::ModelPoint> points;
  std::vector<Outcome> outcomes;
  // Of the first i + 1 of them: numbers that differ where they do.
  std::vector<uint64_t> fingerprints;

  size_t size() const { return outcomes.size(); }
};

// A model that was fitted, ready to predict.
struct Fit {
  bool additive = false;
  std::vector<double> logs;  // see ModelForm
  // -log of the posterior density that it has, up to a constant; infinite: nothing was fitted.
  double cost = std::numeric_limits<double>::infinity();
};

// What a model is to explain: numbers at points, and what is known of the variance of each one's
// noise beside what is learned (empty: nothing).
struct Sample {
  std::vector<search_space::ModelPoint> points;
  std::vector<double> values;
  std::vector<double> own_noise;
};

// At most this many points are in a model.
inline constexpr size_t kMaxPoints = 256;
// More pending points than this cost more time than they are worth: the last ones count.
inline constexpr size_t kMaxPending = 200;

// Those of the first `size` lessons that a model holds, in their order: all, or where there are
// more than kMaxPoints the best half of that number, and of the others those nearest to the best
// one, and every so many-th.
std::vector<size_t> Chosen(const Lessons& lessons, size_t size);

// The same of `order`, places in `points`, the best one first; at most `most` of them.
std::vector<size_t> Thinned(std::vector<size_t> order,
                            const std::vector<search_space::ModelPoint>& points, size_t most);

// Moves `logs` towards where they explain these values of these points best, by at most so many
// evaluations; returns how well they do then, lower is better. `own_noise`: see Likelihood.
double FitParameters(const ModelForm& form, const Grid& points, const std::vector<double>& values,
                     int max_evaluations, std::vector<double>& logs,
                     const std::vector<double>& own_noise = {});

// A fit begins where the one before ended, that of the additive form also from where the sum
// explains all; it is made at every size to 40, then at sizes that grow by a tenth: so it is a
// function of the lessons alone, and those of beginnings can be kept.
class FitChain {
 public:
  explicit FitChain(const PointLayout& layout);

  // For the first `lessons.size()` lessons.
  const Fit& At(const Lessons& lessons);
  // Of other samples than the lessons' warped outcomes: `sample(size)` is that of the first `size`
  // lessons, `fingerprints[size - 1]` differs where it does.
  using Sampling = std::function<Sample(size_t size)>;
  const Fit& At(const std::vector<uint64_t>& fingerprints, const Sampling& sample);
  // Of one sample that will not grow: one fit, longer than a link of the chain.
  Fit AtOnce(const Sample& sample) const;

  const ModelForm& form(bool additive) const { return additive ? additive_ : plain_; }

 private:
  struct Link {
    size_t size = 0;
    uint64_t fingerprint = 0;
    std::vector<double> plain, additive;
    Fit fit;
  };

  void Refit(const Sample& sample, Link& link) const;
  // As FitParameters, of the additive form.
  double FitAdditive(const Grid& points, const Sample& sample, std::vector<double>& logs) const;

  PointLayout layout_;
  ModelForm plain_, additive_;
  std::vector<Link> links_;  // the first one of no lesson
};

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_FIT_H_
