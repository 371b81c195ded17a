// Errors that say more than a code: an absl::Status that carries an ErrorDetail. Codes and details
// cross the wire unchanged.
#ifndef CAVIAR_PROTO_CAVIAR_V1_ERROR_DETAIL_H_
#define CAVIAR_PROTO_CAVIAR_V1_ERROR_DETAIL_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "caviar/v1/request.pb.h"

namespace caviar::error {

// Reasons, the same in all parts.
inline constexpr absl::string_view kLeaseLost = "LEASE_LOST";          // ABORTED
inline constexpr absl::string_view kWorkerUnknown = "WORKER_UNKNOWN";  // NOT_FOUND: register again
inline constexpr absl::string_view kNameTaken = "NAME_TAKEN";          // ALREADY_EXISTS
inline constexpr absl::string_view kInvalidField = "INVALID_FIELD";    // INVALID_ARGUMENT
inline constexpr absl::string_view kCodeMissing = "CODE_MISSING";  // FAILED_PRECONDITION: upload
inline constexpr absl::string_view kNoTrial = "NO_TRIAL";          // nothing to ask for now
// FAILED_PRECONDITION: the answer to this request is kept no longer.
inline constexpr absl::string_view kRequestIdExpired = "REQUEST_ID_EXPIRED";
inline constexpr absl::string_view kRevisionChanged = "REVISION_CHANGED";  // ABORTED: look again
inline constexpr absl::string_view kShuttingDown = "SHUTTING_DOWN";        // UNAVAILABLE: soon gone
inline constexpr absl::string_view kBackupRunning = "BACKUP_RUNNING";  // RESOURCE_EXHAUSTED: wait

// `status` with a reason.
absl::Status WithReason(absl::Status status, absl::string_view reason);

// INVALID_ARGUMENT with the violations, as many as an answer's metadata can carry; the message is
// the first one's "field: description", and how many more there are.
absl::Status InvalidFields(std::vector<v1::FieldViolation> violations);
absl::Status InvalidField(std::string field, std::string description);

// What a coordinator answers that is about to be gone.
absl::Status ShuttingDown();

// The detail that a status carries, if any.
std::optional<v1::ErrorDetail> Detail(const absl::Status& status);
// Whether `status` carries this reason.
bool HasReason(const absl::Status& status, absl::string_view reason);

// To and from the bytes of grpc-status-details-bin (an RpcStatus).
std::string SerializeDetail(const absl::Status& status);
absl::Status ParseDetail(absl::Status status, const std::string& bytes);

}  // namespace caviar::error

#endif  // CAVIAR_PROTO_CAVIAR_V1_ERROR_DETAIL_H_
