// A forest of regression trees over a search space.
//
// Extremely randomized trees (Geurts, Ernst & Wehenkel 2006): a node tries one split an axis, at a
// place drawn between the least and the greatest coordinate of its trials, or of one of their
// categories from the others, and keeps the one that leaves the least variance. All trees see all
// trials, and grow until each leaf has one. Where an axis is active in some of a node's trials
// only, its split is of those from the others.
#ifndef CAVIAR_SERVER_ANALYSIS_REGRESSION_FOREST_H_
#define CAVIAR_SERVER_ANALYSIS_REGRESSION_FOREST_H_

#include <cstdint>
#include <vector>

#include "server/search_space/model_space.h"

namespace caviar::analysis {

// Immutable and thread safe.
class RegressionForest {
 public:
  static constexpr int kTrees = 64;

  // `places` are of the space, `values` finite, one a place; at least one. The same bits for the
  // same arguments.
  RegressionForest(const search_space::ModelSpace& space,
                   const std::vector<search_space::ModelPoint>& places,
                   const std::vector<double>& values);

  // The mean of the trees' predictions.
  double Predict(const search_space::ModelPoint& place) const;

 private:
  struct Node {
    // What goes left: what is below `at`, what is the category `at`, or what is active.
    enum class Test { kLeaf, kBelow, kCategory, kActive };
    bool GoesLeft(double coordinate) const;

    Test test = Test::kLeaf;
    int32_t axis = 0;
    int32_t left = 0;  // index of the left child; the right one is the next
    double at = 0;
    double value = 0;  // of a leaf: the mean of its trials
  };
  using Tree = std::vector<Node>;  // the root first
  class Growing;

  std::vector<Tree> trees_;
};

}  // namespace caviar::analysis

#endif  // CAVIAR_SERVER_ANALYSIS_REGRESSION_FOREST_H_
