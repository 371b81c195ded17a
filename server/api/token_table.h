// Named tokens, and the roles that go with them.
#ifndef CAVIAR_SERVER_API_TOKEN_TABLE_H_
#define CAVIAR_SERVER_API_TOKEN_TABLE_H_

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace caviar::server_api {

enum class Right {
  kRead,     // see studies, trials, logs, models, workers
  kWrite,    // create and change studies, ask and tell trials
  kCommand,  // create studies that run programs, send code, take backups
  kWork,     // hold leases
};

enum class Role {
  kRead,
  kWrite,    // and read
  kCommand,  // and write
  kWorker,   // only that
  kAll,
};

bool Has(Role role, Right right);

struct Caller {
  std::string name;  // for people; "": nobody asks who calls
  Role role = Role::kAll;
};

// Keeps digests: what it is compared with does not show in how long that takes. Not thread safe
// while it changes.
class TokenTable {
 public:
  void Add(absl::string_view token, Caller caller);
  // The same by the token's SHA-256 in hex digits.
  void AddDigest(std::string sha256, Caller caller);
  std::optional<Caller> Find(absl::string_view token) const;
  bool HasDigest(absl::string_view sha256) const;
  // Of whoever connects by a certificate with this common name, where any are told apart.
  void AddCertificate(Caller caller) { certificates_.push_back(std::move(caller)); }
  const std::vector<Caller>& certificates() const { return certificates_; }

 private:
  std::vector<std::pair<std::string, Caller>> entries_;
  std::vector<Caller> certificates_;
};

// A file with a caller a line: NAME ROLE TOKEN, or NAME ROLE sha256:HEX (of the token alone, as
// `printf %s TOKEN | sha256sum` prints it), or NAME ROLE certificate, whose client certificate has
// that common name. ROLE: read, write, command, worker. `#` begins a comment. INVALID_ARGUMENT
// names the line and says what is wrong with it, never what is in it; FAILED_PRECONDITION: it
// cannot be read, or others than this user can read it.
absl::StatusOr<TokenTable> ReadTokenTable(const std::string& path);

// Tells whether a file was written, replaced, or opened or closed to others. Missing: all zero.
struct FileVersion {
  int64_t device = 0, inode = 0, size = 0, seconds = 0, nanoseconds = 0;
  int64_t changed_seconds = 0, changed_nanoseconds = 0;  // its mode or owner too
  bool operator==(const FileVersion&) const = default;
};
FileVersion VersionOf(const std::string& path);

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_TOKEN_TABLE_H_
