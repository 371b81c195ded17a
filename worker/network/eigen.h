// The one way to Eigen in this room: settings that have to be the same in every file, and names.
#ifndef CAVIAR_WORKER_NETWORK_EIGEN_H_
#define CAVIAR_WORKER_NETWORK_EIGEN_H_

// One thread per attempt.
#define EIGEN_DONT_PARALLELIZE
// The same layout at every level; enough for AVX-512.
#define EIGEN_MAX_ALIGN_BYTES 64

#ifdef __GNUC__
// A packet as template argument loses its attributes, which matter to nobody.
#pragma GCC diagnostic ignored "-Wignored-attributes"
#endif

#include <Eigen/Core>
// erf for whole packets.
#include <unsupported/Eigen/SpecialFunctions>

namespace caviar::network {

// Column-major, as all matrices here. Activations are [units x batch]: an example is contiguous.
template <typename Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
template <typename Scalar>
using Vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

// Views of parameters, gradients and statistics, which are flat arrays.
template <typename Scalar>
using VectorView = Eigen::Map<Vector<Scalar>, Eigen::AlignedMax>;
template <typename Scalar>
using ConstVectorView = Eigen::Map<const Vector<Scalar>, Eigen::AlignedMax>;

// The first columns of a batch's matrix, which are contiguous.
template <typename Scalar>
using MatrixView = Eigen::Map<Matrix<Scalar>, Eigen::AlignedMax>;
template <typename Scalar>
using ConstMatrixView = Eigen::Map<const Matrix<Scalar>, Eigen::AlignedMax>;

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_EIGEN_H_
