// How many calls are worked on at once, and how many bytes they hold.
#ifndef CAVIAR_SERVER_API_ADMISSION_H_
#define CAVIAR_SERVER_API_ADMISSION_H_

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdint>
#include <list>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace caviar::server_api {

// Calls of one kind, and a bound on them. A call is in its lane from when its request has been read
// until its caller has taken the answer, so that one who never reads cannot pile up answers.
//
// Thread safe.
class Lane {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // A call's place in its lane; destroyed when gRPC is done with the call. It must not outlive the
  // lane. Not thread safe.
  class Place {
   public:
    Place(Place&& other) noexcept
        : lane_(std::exchange(other.lane_, nullptr)), call_(other.call_) {}
    Place& operator=(Place&&) = delete;
    ~Place();
    // From now on the call only waits for its caller to take `bytes` more.
    void Sending(size_t bytes);
    // The caller took them, and the call goes on: streams.
    void Sent(size_t bytes);

   private:
    friend class Lane;
    struct Call {
      grpc_call* call = nullptr;
      int64_t bytes = 0;
      TimePoint sending_since;
    };
    Place(Lane& lane, std::list<Call>::iterator call) : lane_(&lane), call_(call) {}

    Lane* lane_;
    std::list<Call>::iterator call_;
  };

  // `name` is for people, in the plural: "reads". `max_calls` > 0; `max_bytes` >= that of the
  // longest message.
  Lane(std::string name, int max_calls, int64_t max_bytes)
      : name_(std::move(name)), max_calls_(max_calls), max_bytes_(max_bytes) {}

  // RESOURCE_EXHAUSTED, with a delay to retry after: the lane is full. `bytes` is the request's
  // size. `call` is used until the place is gone; nullptr in tests. UNAVAILABLE: it is closed.
  absl::StatusOr<Place> Enter(grpc_call* call, size_t bytes);

  // Cancels the calls whose callers have not taken an answer that was there before `time`.
  void CancelUntaken(TimePoint time);

  // From now on nobody enters: the server shuts down. Who is there may stay.
  void Close();

  int calls() const;
  int64_t bytes() const;

 private:
  using Calls = std::list<Place::Call>;

  const std::string name_;
  const int max_calls_;
  const int64_t max_bytes_;

  mutable absl::Mutex mutex_;
  Calls working_ ABSL_GUARDED_BY(mutex_);
  Calls sending_ ABSL_GUARDED_BY(mutex_);  // the one that has waited longest first
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

// The lanes of a server. Each has its own bounds: reports, reads, files or waiting workers never
// push out a renewal or an outcome.
struct Admission {
  // `max_calls` and `max_bytes` hold for each lane; of the polls there may be `max_polls`.
  Admission(int max_calls, int max_polls, int64_t max_bytes)
      : leases("renewals and outcomes", max_calls, max_bytes),
        writes("changes", max_calls, max_bytes),
        reads("reads", max_calls, max_bytes),
        files("pieces of files", max_calls, max_bytes),
        polls("waiting callers", max_polls, max_bytes) {}

  void CancelUntaken(Lane::TimePoint time) {
    for (Lane* lane : {&leases, &writes, &reads, &files, &polls}) lane->CancelUntaken(time);
  }
  void Close() {
    for (Lane* lane : {&leases, &writes, &reads, &files, &polls}) lane->Close();
  }
  int calls() const {
    int calls = 0;
    for (const Lane* lane : {&leases, &writes, &reads, &files, &polls}) calls += lane->calls();
    return calls;
  }

  Lane leases;  // what keeps, ends or gives back a lease
  Lane writes;
  Lane reads;
  Lane files;
  Lane polls;  // callers that wait for work
};

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_ADMISSION_H_
