#include "server/sampling/gp_outcomes_sampler.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "server/sampling/counter_random.h"
#include "server/sampling/gp_criterion.h"
#include "server/sampling/gp_draws.h"
#include "server/sampling/gp_feasibility.h"
#include "server/sampling/gp_fingerprint.h"
#include "server/sampling/gp_hypervolume_improvement.h"
#include "server/sampling/gp_pareto.h"
#include "server/sampling/gp_search.h"

namespace caviar::sampling::gp {
namespace {

using search_space::ModelPoint;
using search_space::ModelSpace;
using search_space::Point;

// Weight of the log probability of feasibility beside a confidence bound or exploration, which are
// in warped units, not logarithms.
constexpr double kBoundWeight = 0.1;
// Every other trial that searches for feasibility makes this little of what the models know.
constexpr double kDoubt = 2;
// Trials that look at what earlier studies found: all at first, half of them after so many.
constexpr double kTransferTrials = 10;
constexpr uint64_t kTransferPurpose = 0x67617573737472;
// A radius for which the trust region is everywhere.
constexpr double kEverywhere = 1;

StudyShape ShapeOf(const SamplerInput& input) {
  StudyShape shape;
  const auto see = [&](const Observation& observation) {
    if (observation.state != v1::Trial::COMPLETED) return;
    shape.objectives = std::max(shape.objectives, observation.more_values.size() + 1);
  };
  for (size_t i = 0; i < input.history.size(); ++i) {
    see(input.history[i]);
    if (input.history[i].state == v1::Trial::COMPLETED) {
      shape.constraints = std::max(shape.constraints, input.history[i].excesses.size());
    }
  }
  if (input.warm_start != nullptr) {
    for (const auto& study : *input.warm_start) std::for_each(study.begin(), study.end(), see);
  }
  return shape;
}

// Whether the trial starts from earlier studies, after so many of its own.
bool Transfers(const SamplerInput& input, size_t trials) {
  const double unit =
      ToUnit(RandomBits(input.seed, static_cast<uint32_t>(input.number), kTransferPurpose));
  return unit * (kTransferTrials + static_cast<double>(trials)) < kTransferTrials;
}

}  // namespace

struct OutcomesSampler::Models {
  bool transfers = false;        // start from earlier studies
  Known known;                   // predictions are the first objective's
  std::vector<size_t> feasible;  // of the known points: seen, and all constraints kept
  std::vector<std::unique_ptr<Predictor>> objectives, constraints;

  bool OnlyFeasibilityCounts() const { return feasible.empty() && !constraints.empty(); }
  // Of the known points: where there is none that is feasible, all of them.
  std::vector<size_t> Candidates() const {
    if (feasible.empty()) return AllOf(known.points.size());
    if (!constraints.empty()) return feasible;
    std::vector<size_t> candidates = feasible;
    for (size_t i = known.seen; i < known.points.size(); ++i) candidates.push_back(i);
    return candidates;
  }
  std::vector<Predictor*> Objectives() const { return Pointers(objectives); }
  std::vector<Predictor*> Constraints() const { return Pointers(constraints); }

  static std::vector<Predictor*> Pointers(const std::vector<std::unique_ptr<Predictor>>& owners) {
    std::vector<Predictor*> pointers;
    for (const auto& owner : owners) pointers.push_back(owner.get());
    return pointers;
  }
};

// What the next trial is for.
struct OutcomesSampler::Goal {
  std::unique_ptr<Criterion> objective;
  double weight = 1, doubt = 1;  // see ConstrainedCriterion
  std::vector<ModelPoint> good;  // points around which candidates are drawn
};

bool OutcomesSampler::IsFor(const SamplerInput& input) {
  if (input.warm_start != nullptr && !input.warm_start->empty()) return true;
  for (size_t i = 0; i < input.history.size(); ++i) {
    const Observation& observation = input.history[i];
    if (observation.state != v1::Trial::COMPLETED) continue;
    if (!observation.more_values.empty() || !observation.excesses.empty()) return true;
    if (observation.variance.value_or(0) > 0) return true;
  }
  return false;
}

void OutcomesSampler::Forget(const search_space::SearchSpace& space, const SamplerInput& input,
                             const StudyShape& shape) {
  Memory& memory = memory_.emplace(Memory());
  memory.earlier = input.warm_start;
  memory.layout = PointLayout(space.model());
  memory.table = StudyTable(shape);
  memory.fingerprint = FingerprintOf(space);
  if (memory.layout.width() == 0) return;
  const std::vector<std::vector<Observation>> none;
  const auto& earlier = memory.earlier != nullptr ? *memory.earlier : none;
  for (size_t i = 0; i < shape.objectives; ++i) {
    memory.objectives.push_back(
        std::make_unique<ObjectiveModel>(space.model(), memory.layout, earlier, i));
  }
  for (size_t i = 0; i < shape.constraints; ++i) {
    memory.constraints.push_back(std::make_unique<ConstraintModel>(memory.layout, i));
  }
}

void OutcomesSampler::Recall(const search_space::SearchSpace& space, const SamplerInput& input) {
  const History& history = input.history;
  const StudyShape shape = ShapeOf(input);
  uint64_t fingerprint = FingerprintOf(space);
  const size_t read = memory_ ? std::min(memory_->read, history.size()) : 0;
  for (size_t i = 0; i < read; ++i) fingerprint = Add(fingerprint, history[i]);
  if (!memory_ || read < memory_->read || fingerprint != memory_->fingerprint ||
      memory_->earlier != input.warm_start || !(memory_->table.shape() == shape)) {
    Forget(space, input, shape);
  }
  Memory& memory = *memory_;
  for (; memory.read < history.size(); ++memory.read) {
    memory.fingerprint = Add(memory.fingerprint, history[memory.read]);
    memory.table.Add(space.model(), history[memory.read], memory.fingerprint);
  }
}

OutcomesSampler::Models OutcomesSampler::Fit(const ModelSpace& space, const SamplerInput& input) {
  const StudyTable& table = memory_->table;
  Models models;
  Known& known = models.known;
  const std::vector<size_t> rows = table.Chosen(table.size());
  for (const size_t row : rows) {
    if (table.feasible(row)) models.feasible.push_back(known.points.size());
    known.points.push_back(table.points()[row]);
  }
  known.seen = rows.size();
  AddPending(space, input, known);
  const std::vector<ModelPoint> pending(known.points.begin() + static_cast<ptrdiff_t>(known.seen),
                                        known.points.end());
  const bool transfer = Transfers(input, table.size());
  for (const auto& model : memory_->objectives) {
    ObjectiveModel::Fitted fitted = model->Fit(table, rows, pending, transfer);
    models.objectives.push_back(std::move(fitted.model));
    models.transfers = models.transfers || fitted.transfers;
  }
  for (const auto& model : memory_->constraints) {
    models.constraints.push_back(model->Fit(table, rows, pending));
  }
  known.predictions = PredictionsAt(*models.objectives[0], memory_->layout, known.points);
  return models;
}

OutcomesSampler::Goal OutcomesSampler::GoalOf(const Models& models, int32_t number,
                                              Draws& draws) const {
  const std::vector<size_t> candidates = models.Candidates();
  Goal goal;
  if (models.objectives.size() > 1 && !candidates.empty()) {
    ParetoKnown front =
        ParetoOf(models.Objectives(), memory_->layout, models.known.points, candidates);
    goal.good = std::move(front.good);
    goal.objective =
        std::make_unique<HypervolumeCriterion>(models.Objectives(), std::move(front.region));
  } else {
    goal.good = GoodOf(models.known, candidates);
    // Where nothing is known of the study itself, a bound needs no reference.
    Acquisition acquisition;
    if (!candidates.empty()) acquisition = AcquisitionOf(models.known, candidates, number, draws);
    if (acquisition.kind != Acquisition::Kind::kLogImprovement) goal.weight = kBoundWeight;
    goal.objective = std::make_unique<AcquisitionCriterion>(*models.objectives[0], acquisition);
  }
  if (models.transfers) {
    const std::vector<ModelPoint>& earlier = memory_->objectives[0]->earlier().best();
    goal.good.insert(goal.good.end(), earlier.begin(), earlier.end());
  }
  if (models.OnlyFeasibilityCounts()) {
    goal.weight = 1;
    goal.doubt = number % 2 == 0 ? kDoubt : 1;
  }
  return goal;
}

OutcomesSampler::Goal OutcomesSampler::BolderGoal(const Models& models, int32_t number,
                                                  int boldness, Goal goal) const {
  Acquisition bold;
  bold.deviations = Bolder(boldness);
  const size_t turn = static_cast<size_t>(number) % models.objectives.size();
  goal.objective = std::make_unique<AcquisitionCriterion>(*models.objectives[turn], bold);
  if (models.OnlyFeasibilityCounts()) {
    goal.doubt = Bolder(boldness);
  } else {
    goal.weight = kBoundWeight;
  }
  return goal;
}

Point OutcomesSampler::Find(const ModelSpace& space, const SamplerInput& input,
                            const Models& models) const {
  const std::vector<ModelPoint> seen = models.known.Seen();
  const double radius =
      models.transfers ? kEverywhere : RadiusOf(memory_->table.size(), space.dimensions());
  const TrustRegion region(space, seen, radius);
  const std::set<ModelPoint> tried = TriedOf(space, input);
  Draws draws(input.seed, input.number);
  const auto find = [&](const Goal& goal) {
    ConstrainedCriterion constrained(
        models.OnlyFeasibilityCounts() ? nullptr : goal.objective.get(), models.Constraints(),
        goal.weight, goal.doubt);
    return Search(space, memory_->layout, constrained, region, tried, draws, {}).Find(goal.good);
  };
  Goal goal = GoalOf(models, input.number, draws);
  ModelPoint found = find(goal);
  // Where the models are sure of the best place, workers that ask at once would all get it.
  for (int i = 1; i <= kMaxBolder && IsCopyOfPending(models.known, found); ++i) {
    goal = BolderGoal(models, input.number, i, std::move(goal));
    found = find(goal);
  }
  return space.ToPoint(found);
}

std::optional<Point> OutcomesSampler::SuggestPoint(const search_space::SearchSpace& space,
                                                   const SamplerInput& input) {
  Recall(space, input);
  if (memory_->layout.width() == 0) return std::nullopt;
  if (memory_->table.size() == 0 && memory_->objectives[0]->earlier().empty()) return std::nullopt;
  const Models models = Fit(space.model(), input);
  return Find(space.model(), input, models);
}

}  // namespace caviar::sampling::gp
