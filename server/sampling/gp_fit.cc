#include "server/sampling/gp_fit.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "server/sampling/gp_minimizer.h"

namespace caviar::sampling::gp {
namespace {

using search_space::ModelPoint;

constexpr size_t kEverySize = 40;
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
  std::vector<size_t> rest(order.begin() + kMaxPoints / 2, order.end());
  order.resize(kMaxPoints / 2);
  std::vector<std::pair<double, size_t>> by_distance;
  for (const size_t i : rest) {
    by_distance.emplace_back(DistanceOf(lessons.points[i], lessons.points[order[0]]), i);
  }
  std::sort(by_distance.begin(), by_distance.end());
  const size_t near = kMaxPoints / 4;
  for (size_t i = 0; i < near; ++i) order.push_back(by_distance[i].second);
  const size_t left = by_distance.size() - near, wanted = kMaxPoints - order.size();
  for (size_t i = 0; i < wanted; ++i) {
    order.push_back(by_distance[near + i * left / wanted].second);
  }
  std::sort(order.begin(), order.end());
  return order;
}

double FitParameters(const ModelForm& form, const Grid& points, const std::vector<double>& values,
                     int max_evaluations, std::vector<double>& logs) {
  Likelihood likelihood(form, points, values);
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

double FitChain::FitAdditive(const Grid& points, const std::vector<double>& values,
                             std::vector<double>& logs) const {
  std::vector<double> anew = additive_.MostlyAdditive();
  const double going_on = FitParameters(additive_, points, values, kEvaluations, logs);
  const double from_anew = FitParameters(additive_, points, values, kEvaluations, anew);
  if (!(from_anew < going_on)) return going_on;
  logs = std::move(anew);
  return from_anew;
}

FitChain::FitChain(const PointLayout& layout)
    : layout_(layout), plain_(layout_, false), additive_(layout_, true) {
  Link first;
  first.plain = plain_.centers();
  first.additive = additive_.centers();
  first.fit = {false, first.plain};
  links_.push_back(std::move(first));
}

FitChain::Link FitChain::After(const Link& link, const Lessons& lessons, size_t size) const {
  Link next = link;
  next.size = size;
  next.fingerprint = lessons.fingerprints[size - 1];
  const std::vector<double> all = WarpOutputs(
      {lessons.outcomes.begin(), lessons.outcomes.begin() + static_cast<ptrdiff_t>(size)});
  if (std::all_of(all.begin(), all.end(), [&](double value) { return value == all[0]; })) {
    return next;
  }
  const std::vector<size_t> chosen = Chosen(lessons, size);
  Grid points(layout_.width(), static_cast<int>(chosen.size()));
  std::vector<double> values;
  for (const size_t i : chosen) {
    layout_.Set(lessons.points[i], static_cast<int>(values.size()), points);
    values.push_back(all[i]);
  }
  const double plain = FitParameters(plain_, points, values, kEvaluations, next.plain);
  // Of a single number the two forms are the same.
  const double additive =
      additive_.terms() < 2 ? plain : FitAdditive(points, values, next.additive);
  next.fit = additive < plain ? Fit{true, next.additive} : Fit{false, next.plain};
  return next;
}

const Fit& FitChain::At(const Lessons& lessons) {
  while (links_.size() > 1 &&
         (links_.back().size > lessons.size() ||
          links_.back().fingerprint != lessons.fingerprints[links_.back().size - 1])) {
    links_.pop_back();
  }
  for (size_t size = NextSize(links_.back().size); size <= lessons.size(); size = NextSize(size)) {
    links_.push_back(After(links_.back(), lessons, size));
  }
  return links_.back().fit;
}

}  // namespace caviar::sampling::gp
