#include "server/sampling/gp_fit.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "server/sampling/gp_minimizer.h"

namespace caviar::sampling::gp {
namespace {

using search_space::ModelPoint;

constexpr size_t kEverySize = 40;
constexpr int kFitsAtOnce = 3;
// Of the likelihood, a fit.
constexpr int kEvaluations = 20;

size_t NextSize(size_t size) {
  return size < kEverySize ? size + 1 : size + std::max<size_t>(1, size / 10);
}

// Lower is better; infeasible ones last; ties by order.
bool IsBetter(const Lessons& lessons, size_t a, size_t b) {
  const Outcome &x = lessons.outcomes[a], &y = lessons.outcomes[b];
  if (x.infeasible != y.infeasible) return y.infeasible;
  if (!x.infeasible && x.value != y.value) return x.value < y.value;
  return a < b;
}

double DistanceOf(const ModelPoint& a, const ModelPoint& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double along = std::isnan(a[i]) || std::isnan(b[i])
                             ? (std::isnan(a[i]) == std::isnan(b[i]) ? 0.0 : 1.0)
                             : std::min(std::abs(a[i] - b[i]), 1.0);
    sum += along * along;
  }
  return sum;
}

}  // namespace

std::vector<size_t> Chosen(const Lessons& lessons, size_t size) {
  std::vector<size_t> order(size);
  for (size_t i = 0; i < size; ++i) order[i] = i;
  if (size <= kMaxPoints) return order;
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return IsBetter(lessons, a, b); });
  return Thinned(std::move(order), lessons.points, kMaxPoints);
}

std::vector<size_t> Thinned(std::vector<size_t> order, const std::vector<ModelPoint>& points,
                            size_t most) {
  if (order.size() > most) {
    const std::vector<size_t> rest(order.begin() + static_cast<ptrdiff_t>(most / 2), order.end());
    order.resize(most / 2);
    std::vector<std::pair<double, size_t>> by_distance;
    for (const size_t i : rest) {
      by_distance.emplace_back(DistanceOf(points[i], points[order[0]]), i);
    }
    std::sort(by_distance.begin(), by_distance.end());
    const size_t near = most / 4;
    for (size_t i = 0; i < near; ++i) order.push_back(by_distance[i].second);
    const size_t left = by_distance.size() - near, wanted = most - order.size();
    for (size_t i = 0; i < wanted; ++i) {
      order.push_back(by_distance[near + i * left / wanted].second);
    }
  }
  std::sort(order.begin(), order.end());
  return order;
}

FitChain::FitChain(const PointLayout& layout)
    : layout_(layout), plain_(layout_, false), additive_(layout_, true) {
  Link first;
  first.plain = plain_.centers();
  first.additive = additive_.centers();
  first.fit.logs = first.plain;
  links_.push_back(std::move(first));
}

double FitParameters(const ModelForm& form, const Grid& points, const std::vector<double>& values,
                     int max_evaluations, std::vector<double>& logs,
                     const std::vector<double>& own_noise) {
  Likelihood likelihood(form, points, values, own_noise);
  Minimizer::Options options;
  options.max_evaluations = max_evaluations;
  options.tolerance = 1e-5;
  options.first_step = 0.3;
  Minimizer minimizer(logs, form.lower(), form.upper(), options);
  std::vector<double> gradient;
  while (!minimizer.done()) {
    const double value = likelihood.Evaluate(minimizer.point(), gradient);
    minimizer.Tell(value, gradient);
  }
  if (std::isfinite(minimizer.best_value())) logs = minimizer.best();
  return minimizer.best_value();
}

double FitChain::FitAdditive(const Grid& points, const Sample& sample,
                             std::vector<double>& logs) const {
  std::vector<double> anew = additive_.MostlyAdditive();
  const double going_on =
      FitParameters(additive_, points, sample.values, kEvaluations, logs, sample.own_noise);
  const double from_anew =
      FitParameters(additive_, points, sample.values, kEvaluations, anew, sample.own_noise);
  if (!(from_anew < going_on)) return going_on;
  logs = std::move(anew);
  return from_anew;
}

void FitChain::Refit(const Sample& sample, Link& link) const {
  if (std::all_of(sample.values.begin(), sample.values.end(),
                  [&](double value) { return value == sample.values[0]; })) {
    return;
  }
  Grid points(layout_.width(), static_cast<int>(sample.points.size()));
  for (size_t i = 0; i < sample.points.size(); ++i) {
    layout_.Set(sample.points[i], static_cast<int>(i), points);
  }
  const double plain =
      FitParameters(plain_, points, sample.values, kEvaluations, link.plain, sample.own_noise);
  // Of a single number the two forms are the same.
  const double additive =
      additive_.terms() < 2 ? plain : FitAdditive(points, sample, link.additive);
  link.fit = additive < plain ? Fit{true, link.additive, additive} : Fit{false, link.plain, plain};
}

const Fit& FitChain::At(const Lessons& lessons) {
  return At(lessons.fingerprints, [&](size_t size) {
    const std::vector<double> warped = WarpOutputs(
        {lessons.outcomes.begin(), lessons.outcomes.begin() + static_cast<ptrdiff_t>(size)});
    Sample sample;
    for (const size_t i : Chosen(lessons, size)) {
      sample.points.push_back(lessons.points[i]);
      sample.values.push_back(warped[i]);
    }
    return sample;
  });
}

const Fit& FitChain::At(const std::vector<uint64_t>& fingerprints, const Sampling& sample) {
  while (links_.size() > 1 && (links_.back().size > fingerprints.size() ||
                               links_.back().fingerprint != fingerprints[links_.back().size - 1])) {
    links_.pop_back();
  }
  for (size_t size = NextSize(links_.back().size); size <= fingerprints.size();
       size = NextSize(size)) {
    Link next = links_.back();
    next.size = size;
    next.fingerprint = fingerprints[size - 1];
    Refit(sample(size), next);
    links_.push_back(std::move(next));
  }
  return links_.back().fit;
}

Fit FitChain::AtOnce(const Sample& sample) const {
  Link link = links_.front();
  for (int i = 0; i < kFitsAtOnce; ++i) Refit(sample, link);
  return link.fit;
}

}  // namespace caviar::sampling::gp
