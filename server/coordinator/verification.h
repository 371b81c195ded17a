// Whether what is stored of a study follows from it: suggestions and the pruner's decisions are
// computed again, each from what was stored before it, and compared.
#ifndef CAVIAR_SERVER_COORDINATOR_VERIFICATION_H_
#define CAVIAR_SERVER_COORDINATOR_VERIFICATION_H_

#include <functional>

#include "absl/status/statusor.h"
#include "caviar/v1/verification_service.pb.h"
#include "storage/store.h"

namespace caviar::coordinator {

// Told how far a verification is, before each trial; false ends it.
using OnVerified = std::function<bool(const v1::VerifyStudyResponse& so_far)>;

// Goes once through the study's trials that there are now, by number. Trials may go on meanwhile:
// what is committed later does not take part. Blocks for as long as all suggestions took to be
// made; holds in memory about what the coordinator holds of the study. Errors: NOT_FOUND: there is
// no such study (any more). CANCELLED: `on_verified` ended it. Otherwise the reader's.
absl::StatusOr<v1::VerifyStudyResponse> VerifyStudy(storage::Reader& reader,
                                                    const storage::StudyReading& study,
                                                    const OnVerified& on_verified);

}  // namespace caviar::coordinator

#endif  // CAVIAR_SERVER_COORDINATOR_VERIFICATION_H_
