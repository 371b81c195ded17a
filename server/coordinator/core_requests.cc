// Rare mutations are answered again from a log of requests.
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "server/coordinator/core.h"
#include "storage/artifact_store.h"

namespace caviar::coordinator {
namespace {

// How long answers are kept, and how many of them one batch forgets.
constexpr absl::Duration kKept = absl::Hours(24);
constexpr int32_t kForgottenRequests = 1000;
// How long a process forgets none: the calendar may have been set while there was no process, and
// whoever got no answer from the one before asks again about now.
constexpr absl::Duration kGrace = absl::Hours(1);

absl::Status Expired(const v1::RequestId& id) {
  return error::WithReason(
      absl::FailedPreconditionError(absl::StrCat(
          "the request ", id.client_id(), "/", id.sequence(), " is older than ",
          absl::FormatDuration(kKept),
          ", and whether it was made is not known any more; nothing was changed. Look whether it "
          "was, and make a new one if not")),
      error::kRequestIdExpired);
}

}  // namespace

uint32_t Core::BodyCrc32(const google::protobuf::Message& request) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    request.SerializeToCodedStream(&coded);
  }
  return storage::Crc32(bytes);
}

absl::StatusOr<std::optional<std::string>> Core::FindAnswer(const v1::RequestId& id,
                                                            const std::string& method,
                                                            uint32_t body) {
  std::optional<storage::RequestRow> row;
  if (const auto found = answers_.find({id.client_id(), id.sequence()}); found != answers_.end()) {
    row = found->second;
  } else {
    auto stored = deps_.store.FindRequest(id.client_id(), id.sequence());
    if (!stored.ok()) return stored.status();
    row = *std::move(stored);
  }
  if (!row) {
    const auto forgotten = deps_.store.FindForgottenRequest(id.client_id());
    if (!forgotten.ok()) return forgotten.status();
    if (*forgotten && id.sequence() <= **forgotten) return Expired(id);
    return std::optional<std::string>();
  }
  if (row->method != method || row->body_crc32 != body) {
    return error::InvalidField(
        "request_id", absl::StrCat(id.client_id(), "/", id.sequence(), " was used for another ",
                                   row->method, "; every new request needs a new id"));
  }
  return std::optional<std::string>(row->response);
}

void Core::StoreAnswer(const v1::RequestId& id, const std::string& method, uint32_t body,
                       std::string response) {
  storage::RequestRow row{id.client_id(), id.sequence(),       method,
                          body,           std::move(response), BridgeMicros()};
  answers_[{id.client_id(), id.sequence()}] = row;
  batch_.push_back(std::move(row));
}

void Core::ForgetRequests() {
  if (deps_.clock.Steady() - start_steady_ < kGrace) return;
  const int64_t before = BridgeMicros() - absl::ToInt64Microseconds(kKept);
  const auto oldest = deps_.store.FindOldestRequest();
  if (absl::IsDataLoss(oldest.status())) NoteDamage(oldest.status());
  if (!oldest.ok() || !*oldest || **oldest >= before) return;
  batch_.push_back(storage::ForgetRequests{before, kForgottenRequests});
  // There may be more.
  after_commit_.push_back([this] { next_forgetting_ = deps_.clock.Steady(); });
}

}  // namespace caviar::coordinator
