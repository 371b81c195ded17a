// The table `request`.
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

absl::StatusOr<std::optional<RequestRow>> ReadRequest(Connection& connection,
                                                      const std::string& client_id,
                                                      int64_t sequence);

}  // namespace caviar::storage

#endif  // CAVIAR_STORAGE_REQUEST_TABLE_H_
