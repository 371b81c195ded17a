// What those who run a coordinator want to know of its work, beside what is in its status.
#ifndef CAVIAR_SERVER_COORDINATOR_MEASURES_H_
#define CAVIAR_SERVER_COORDINATOR_MEASURES_H_

#include <cstdint>

#include "absl/time/time.h"
#include "caviar/v1/study.pb.h"

namespace caviar::coordinator {

// Told by the sequencer's thread, for which all calls wait: each must be quick and never block. The
// base class forgets all.
class Measures {
 public:
  virtual ~Measures() = default;
  // A batch of so many calls was made durable in one transaction.
  virtual void OnCommit(absl::Duration /*took*/, int64_t /*calls*/) {}
  // The store refused one; its calls are answered with an error, or tried again singly.
  virtual void OnFailedCommit() {}
  // A caller got a trial, so long after it asked: waiting for a suggestion, and for room in a
  // study, is in it.
  virtual void OnHandOut(absl::Duration /*waited*/) {}
  // So many metric values were made durable.
  virtual void OnValues(int64_t /*count*/) {}
  // A suggestion came, so long after it was asked for.
  virtual void OnSuggestion(v1::Sampler::Algorithm /*algorithm*/, absl::Duration /*took*/) {}
};

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_MEASURES_H_
