// What a network does, and nothing of how: the border across which the code that is built for one
// instruction set level is called. So it includes as little as possible.
#ifndef CAVIAR_WORKER_NETWORK_NETWORK_INTERFACE_H_
#define CAVIAR_WORKER_NETWORK_NETWORK_INTERFACE_H_

#include <cstdint>

#include "worker/network/architecture.h"

namespace caviar::network {

// How a network did on one batch.
struct BatchResult {
  // Mean cross-entropy over the batch, without label smoothing, class weights and the penalty of
  // l2, so that configurations can be compared; NaN or infinite if it diverged.
  double loss = 0;
  // Update only: what it minimizes, with smoothing and class weights, without the penalty.
  double minimized = 0;
  // Update only: the norm of the gradient by all parameters, the penalty's included, before it was
  // clipped.
  double gradient_norm = 0;
  // Examples whose largest logit (the first of equals) is their label's.
  int correct = 0;
};

// Not thread safe; different networks may be used by different threads at the same time. No method
// but GetState and GetTrainingState allocates once every batch size has been seen.
class Network {
 public:
  virtual ~Network() = default;

  // Most examples of a batch.
  virtual int capacity() const = 0;
  // Where the caller writes a batch: [inputs x capacity], each example contiguous.
  virtual float* inputs() = 0;
  // [capacity], each in [0, classes).
  virtual int32_t* labels() = 0;

  // One step of the optimizer on the first `count` examples, in [1, capacity]. Changes nothing if
  // the loss is not finite.
  virtual BatchResult Update(int count, double learning_rate) = 0;
  // Evaluates the first `count` examples with the running statistics. Changes nothing.
  virtual BatchResult Evaluate(int count) = 0;
  // Logits of the last Update (before its step) or Evaluate: [classes x count].
  virtual const float* logits() const = 0;

  // Writes the numbers that evaluation reads to `state`, whose memory is used again.
  virtual void GetState(NetworkState& state) const = 0;
  // Takes a state of the same layout, and forgets the optimizer's averages.
  virtual void SetState(const NetworkState& state) = 0;

  // The same with the optimizer's averages: Update goes on bit for bit.
  virtual void GetTrainingState(TrainingState& state) const = 0;
  // `state` has the sizes of this layout and optimizer.
  virtual void SetTrainingState(const TrainingState& state) = 0;
};

}  // namespace caviar::network

#endif  // CAVIAR_WORKER_NETWORK_NETWORK_INTERFACE_H_
