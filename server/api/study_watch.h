// WatchStudy: a stream of a study's changes to one client.
#ifndef CAVIAR_SERVER_API_STUDY_WATCH_H_
#define CAVIAR_SERVER_API_STUDY_WATCH_H_

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "caviar/v1/study_service.pb.h"
#include "server/api/door.h"
#include "server/coordinator/coordinator.h"

namespace caviar::server_api {

// Reads the study, writes what it read, and once nothing more is to be read at once, looks ten
// times a second whether the coordinator has flagged a change. One of these acts at a time, each
// handing on to the next, so only the flags are shared between threads. Owns itself until gRPC is
// done with it.
//
// What is not sent yet counts in the lane of reads; a client that takes nothing for long is cut
// off.
//
// Ends with OK when the study is over, NOT_FOUND when it is deleted, UNAVAILABLE when the server
// shuts down.
class StudyWatch final : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                         public std::enable_shared_from_this<StudyWatch> {
 public:
  // `draining` outlives the server; once it is true, watches end.
  static grpc::ServerWriteReactor<grpc::ByteBuffer>* Start(coordinator::Coordinator& coordinator,
                                                           const Door& door,
                                                           grpc::CallbackServerContext* context,
                                                           const grpc::ByteBuffer* bytes,
                                                           const std::atomic<bool>& draining);

  StudyWatch(coordinator::Coordinator& coordinator, const std::atomic<bool>& draining)
      : coordinator_(coordinator), draining_(draining) {}

  void OnWriteDone(bool ok) override;
  void OnCancel() override { cancelled_ = true; }
  void OnDone() override;

 private:
  void Read();
  void Take(absl::StatusOr<coordinator::Coordinator::StudyChanges> changes);
  // Splits the answer, so that a long list of trials fits into messages.
  void Queue(v1::WatchStudyResponse response);
  void WriteNext();
  void Wait();
  void Look();
  void End(const absl::Status& status);

  coordinator::Coordinator& coordinator_;
  const std::atomic<bool>& draining_;
  std::shared_ptr<StudyWatch> self_;
  std::optional<Lane::Place> place_;  // until OnDone
  // Shared with the coordinator's listener.
  const std::shared_ptr<std::atomic<bool>> changed_ = std::make_shared<std::atomic<bool>>(false);
  std::atomic<bool> cancelled_ = false;

  std::string study_;
  std::optional<int64_t> listener_;
  std::optional<google::protobuf::Timestamp> create_time_;  // of the study first seen
  std::optional<coordinator::Coordinator::StudyPosition>
      after_;          // nullopt: no trials are asked for
  bool more_ = false;  // to read at once
  bool over_ = false;
  std::deque<grpc::ByteBuffer> unsent_;
  size_t unsent_bytes_ = 0;  // not counted in the lane yet
  grpc::ByteBuffer writing_;
  size_t writing_size_ = 0;
  std::optional<grpc::Alarm> alarm_;
};

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_STUDY_WATCH_H_
