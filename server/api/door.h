// The way of a call into its lane: whoever may not make it takes no place there.
#ifndef CAVIAR_SERVER_API_DOOR_H_
#define CAVIAR_SERVER_API_DOOR_H_

#include <grpcpp/grpcpp.h>

#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/api/access.h"
#include "server/api/admission.h"

namespace caviar::server_api {

// Thread safe, as the lane is.
class Door {
 public:
  // `access` null: whoever reaches the server may do all. Both outlive this.
  Door(Lane& lane, const Access* access, Right right)
      : lane_(lane), access_(access), right_(right) {}

  // Errors: Access::Admit, Lane::Enter. `bytes` is the request's size.
  absl::StatusOr<Lane::Place> Enter(grpc::CallbackServerContext& context, size_t bytes) const {
    if (const auto caller = WhoIs(context, right_); !caller.ok()) return caller.status();
    return lane_.Enter(context.c_call(), bytes);
  }
  absl::StatusOr<Caller> WhoIs(const grpc::ServerContextBase& context, Right right) const {
    if (access_ == nullptr) return Caller();
    return access_->Admit(context, right);
  }

 private:
  Lane& lane_;
  const Access* const access_;
  const Right right_;
};

// All of them, by what calls do.
struct Doors {
  Doors(Admission& admission, const Access* access)
      : reads(admission.reads, access, Right::kRead),
        files(admission.files, access, Right::kRead),
        changes(admission.writes, access, Right::kWrite),
        asks(admission.polls, access, Right::kWrite),
        tells(admission.leases, access, Right::kWrite),
        code(admission.files, access, Right::kCommand),
        backups(admission.files, access, Right::kCommand),
        registrations(admission.writes, access, Right::kWork),
        polls(admission.polls, access, Right::kWork),
        leases(admission.leases, access, Right::kWork),
        reports(admission.writes, access, Right::kWork),
        pieces(admission.files, access, Right::kWork) {}

  Door reads, files;
  Door changes, asks, tells;
  Door code, backups;
  // Workers'.
  Door registrations, polls, leases, reports, pieces;
};

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_DOOR_H_
