// The server's side of TLS. Internal to this room.
#ifndef CAVIAR_SERVER_API_TLS_H_
#define CAVIAR_SERVER_API_TLS_H_

#include <grpcpp/grpcpp.h>

#include <ctime>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/api/file_descriptor.h"
#include "server/api/server.h"

namespace caviar::server_api {

// What a server shows of itself and asks of its callers. gRPC looks at files again by itself, but
// takes them as they are, also a certificate whose key is not there yet, and can then serve nobody.
// So it gets files in memory, which are replaced only by what fits together.
class ServedTls {
 public:
  // `files` are not all empty. FAILED_PRECONDITION: one cannot be read, holds no certificate or
  // key, or the key is another's.
  static absl::StatusOr<std::unique_ptr<ServedTls>> Read(const TlsFiles& files);

  // They look into this, and must not outlive it.
  std::shared_ptr<grpc::ServerCredentials> MakeCredentials() const;

  // Where the files changed, new connections see what is in them, a second or two later. An error
  // as Read's, once for each change: what was there before is still served.
  absl::Status Refresh();

 private:
  // What is in the files: the key and its certificates as one, and the authority's.
  struct Contents {
    std::string identity, authority;
    bool operator==(const Contents&) const = default;
  };
  // A file in memory, which gRPC knows by its path.
  class MemoryFile {
   public:
    // Another content at once, never a part of it.
    absl::Status Replace(const std::string& content);
    // "": there is no content.
    std::string path() const;

   private:
    FileDescriptor file_;
    time_t time_ = 0;  // of its last change, as gRPC tells changes apart
  };

  explicit ServedTls(const TlsFiles& files) : files_(files) {}
  absl::StatusOr<Contents> ReadContents() const;

  const TlsFiles files_;
  std::string seen_;  // the files as they were looked at last
  Contents served_;
  MemoryFile identity_, authority_;
};

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_TLS_H_
