// The tables `request` and `forgotten_request`.
#ifndef CAVIAR_STORAGE_REQUEST_TABLE_H_
#define CAVIAR_STORAGE_REQUEST_TABLE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/store.h"
#include "storage/write_context.h"

namespace caviar::storage {

absl::Status WriteRow(const WriteContext& context, const RequestRow& row);

absl::Status WriteRow(const WriteContext& context, const ForgetRequests& forget);

absl::StatusOr<std::optional<RequestRow>> ReadRequest(Connection& connection,
                                                      const std::string& client_id,
                                                      int64_t sequence);
// As Store::FindForgottenRequest and Store::FindOldestRequest.
absl::StatusOr<std::optional<int64_t>> ReadForgottenRequest(Connection& connection,
                                                            const std::string& client_id);
absl::StatusOr<std::optional<int64_t>> ReadOldestRequest(Connection& connection);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_REQUEST_TABLE_H_
