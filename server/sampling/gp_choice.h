// How the Gaussian process sampler chooses what a trial is for, from what a model says of the
// points that are known.
#ifndef CAVIAR_SERVER_SAMPLING_GP_CHOICE_H_
#define CAVIAR_SERVER_SAMPLING_GP_CHOICE_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "server/sampling/gp_acquisition.h"
#include "server/sampling/gp_draws.h"
#include "server/sampling/gp_fit.h"
#include "server/sampling/gp_points.h"
#include "server/sampling/gp_posterior.h"
#include "server/sampling/gp_predictor.h"
#include "server/sampling/sampler.h"

namespace caviar::sampling::gp {

// The points of a model: those seen, then the pending ones.
struct Known {
  std::vector<search_space::ModelPoint> points;
  size_t seen = 0;
  std::vector<Prediction> predictions;  // of the model

  std::vector<search_space::ModelPoint> Seen() const {
    return {points.begin(), points.begin() + static_cast<ptrdiff_t>(seen)};
  }
  size_t pending() const { return points.size() - seen; }
};

// Adds the last pending points, as many as are worth their time.
void AddPending(const search_space::ModelSpace& space, const SamplerInput& input, Known& known);

Grid GridOf(const PointLayout& layout, const std::vector<search_space::ModelPoint>& points);

// What the model predicts at these points.
std::vector<Prediction> PredictionsAt(Predictor& model, const PointLayout& layout,
                                      const std::vector<search_space::ModelPoint>& points);

// What this trial is for: most improve or explore within what is likely, in turn. The best is that
// of these `candidates`, places in known.points; at least one.
Acquisition AcquisitionOf(const Known& known, const std::vector<size_t>& candidates, int32_t number,
                          Draws& draws);

// The standard deviations of a confidence bound that is bold for the i-th time, i >= 1.
double Bolder(int i);
inline constexpr int kMaxBolder = 5;

// The best of these, places in known.points, by the model: around them candidates are drawn.
std::vector<search_space::ModelPoint> GoodOf(const Known& known, std::vector<size_t> candidates);

// Whether a trial that runs is at this point, or all but.
bool IsCopyOfPending(const Known& known, const search_space::ModelPoint& point);

// Of the trust region, in the scaled cube.
double RadiusOf(size_t trials, int dimensions);

// Configurations that were tried; where the space is finite only, elsewhere none is met twice.
std::set<search_space::ModelPoint> TriedOf(const search_space::ModelSpace& space,
                                           const SamplerInput& input);

// 0..count-1.
std::vector<size_t> AllOf(size_t count);

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_CHOICE_H_
