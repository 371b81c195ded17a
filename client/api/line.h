// The way to a coordinator that may move. Used by this room's .cc files only.
#ifndef CAVIAR_CLIENT_API_LINE_H_
#define CAVIAR_CLIENT_API_LINE_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "client/api/credentials.h"

namespace caviar::client {

// A channel to where the coordinator is now. Where that is said by a file, the file is read again
// whenever the channel is not connected: a coordinator that moved is found at the next try.
class Channels {
 public:
  // host:port or file:PATH.
  Channels(std::string coordinator, Credentials credentials);

  struct Current {
    std::shared_ptr<grpc::Channel> channel;
    std::string address;  // host:port, for people
  };
  // To be called before each call; waits for a reconnection as AwaitReconnection does. UNAVAILABLE:
  // the file is not there, or says nothing of use.
  absl::StatusOr<Current> Get();

 private:
  const std::string coordinator_;
  const Credentials credentials_;
  absl::Mutex mutex_;
  Current current_ ABSL_GUARDED_BY(mutex_);
};

// The same with the stubs that are made of a channel. `Stubs` is constructed from the channel.
template <typename Stubs>
class Line {
 public:
  struct End {
    End(const Channels::Current& current)
        : channel(current.channel), address(current.address), stubs(current.channel) {}
    const std::shared_ptr<grpc::Channel> channel;
    const std::string address;
    Stubs stubs;
  };

  Line(std::string coordinator, Credentials credentials)
      : channels_(std::move(coordinator), std::move(credentials)) {}

  absl::StatusOr<std::shared_ptr<End>> Get() {
    auto current = channels_.Get();
    if (!current.ok()) return current.status();
    absl::MutexLock lock(&mutex_);
    if (end_ == nullptr || end_->channel != current->channel) {
      end_ = std::make_shared<End>(*current);
    }
    return end_;
  }

 private:
  Channels channels_;
  absl::Mutex mutex_;
  std::shared_ptr<End> end_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace caviar::client

#endif  // CAVIAR_CLIENT_API_LINE_H_
