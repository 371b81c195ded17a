// Rare mutations are answered again from a log of requests.
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "caviar/v1/error_detail.h"
#include "server/coordinator/core.h"
#include "storage/artifact_store.h"

namespace caviar::coordinator {

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
  if (!row) return std::optional<std::string>();
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
                          body,           std::move(response), WallMicros()};
  answers_[{id.client_id(), id.sequence()}] = row;
  batch_.push_back(std::move(row));
}

}  // namespace caviar::coordinator
