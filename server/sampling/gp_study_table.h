// All that a study's trials brought, where that is more than one number.
#ifndef CAVIAR_SERVER_SAMPLING_GP_STUDY_TABLE_H_
#define CAVIAR_SERVER_SAMPLING_GP_STUDY_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "server/sampling/gp_fit.h"
#include "server/sampling/gp_output.h"
#include "server/sampling/history.h"
#include "server/search_space/model_space.h"

namespace caviar::sampling::gp {

// How many objectives and constraints there are; of what a history holds, the most.
struct StudyShape {
  size_t objectives = 1;
  size_t constraints = 0;

  bool operator==(const StudyShape&) const = default;
};

// A row for each trial that teaches something, in the order in which they became final: COMPLETED
// with finite objectives, all of the shape's, or INFEASIBLE.
class StudyTable {
 public:
  StudyTable() = default;
  explicit StudyTable(const StudyShape& shape);

  // `fingerprint` is that of all observations to this one.
  void Add(const search_space::ModelSpace& space, const Observation& observation,
           uint64_t fingerprint);

  size_t size() const { return points_.size(); }
  const StudyShape& shape() const { return shape_; }
  const std::vector<search_space::ModelPoint>& points() const { return points_; }
  const std::vector<uint64_t>& fingerprints() const { return fingerprints_; }
  const std::vector<Outcome>& outcomes(size_t objective) const { return outcomes_[objective]; }
  // Whether the row is COMPLETED, and whether it also keeps all constraints.
  bool completed(size_t row) const { return !outcomes_[0][row].infeasible; }
  bool feasible(size_t row) const;

  // Rows among the first `size` that models hold, growing: all, or where there are more than
  // kMaxPoints as Thinned says of the order of merit: feasible ones first, by the objective, or
  // where there are several by the best place that they take under one of some fixed weightings of
  // them; then by how much they break constraints; INFEASIBLE ones last.
  std::vector<size_t> Chosen(size_t size) const;

  // Of these rows: warped objectives and their noise; of those of them that are COMPLETED, warped
  // excesses. What is not in the first `size` rows does not matter.
  Sample ObjectiveSample(size_t objective, const std::vector<size_t>& rows, size_t size) const;
  Sample ConstraintSample(size_t constraint, const std::vector<size_t>& rows, size_t size) const;

 private:
  std::vector<double> Merits(size_t size) const;
  std::vector<double> BestPlaces(const std::vector<size_t>& rows) const;

  StudyShape shape_;
  std::vector<search_space::ModelPoint> points_;
  std::vector<uint64_t> fingerprints_;
  std::vector<std::vector<Outcome>> outcomes_;  // by objective
  std::vector<std::vector<double>> excesses_;   // by constraint; 0 where INFEASIBLE
};

}  // namespace caviar::sampling::gp

#endif  // CAVIAR_SERVER_SAMPLING_GP_STUDY_TABLE_H_
