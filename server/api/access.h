// Who calls, and what they may do.
#ifndef CAVIAR_SERVER_API_ACCESS_H_
#define CAVIAR_SERVER_API_ACCESS_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/api/token_table.h"

namespace caviar::server_api {

// Knows callers by the token that each call brings (caviar/v1/token.h), or by the certificate of
// their connection. Thread safe.
class Access {
 public:
  // The tokens of whoever runs the coordinator, named `owner`: they may do all. Others stand in
  // `token_file`; "": there are no others. Those whose client certificate the server's authority
  // vouches for may do all where there is no such file, else what it says of them; so a line that
  // is taken out of it takes rights away. Errors: ReadTokenTable.
  static absl::StatusOr<std::unique_ptr<Access>> Open(const std::vector<std::string>& own_tokens,
                                                      const std::string& owner,
                                                      const std::string& token_file);

  // UNAUTHENTICATED: nobody that is known. PERMISSION_DENIED: their role does not have the right.
  // Neither says more, to whoever that is.
  absl::StatusOr<Caller> Admit(const grpc::ServerContextBase& context, Right right) const;

  // Reads the token file again if it has changed, or was not right the last time: it may have
  // become so without a trace, as when it could only not be read just then. An error: it is not
  // right, and what was read before still holds; said once for each change.
  absl::Status Refresh();

 private:
  Access(TokenTable own, std::string owner, std::string token_file);
  std::shared_ptr<const TokenTable> others() const;
  std::optional<Caller> OfCertificate(const grpc::AuthContext& peer) const;

  const TokenTable own_;
  const std::string owner_;
  const std::string token_file_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const TokenTable> others_ ABSL_GUARDED_BY(mutex_);
  // Used by whoever refreshes: one thread.
  FileVersion version_;
  absl::Status refused_;  // why that version was not taken
};

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_ACCESS_H_
