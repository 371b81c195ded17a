#include "server/api/access.h"

#include <optional>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/strip.h"
#include "caviar/v1/token.h"

namespace caviar::server_api {
namespace {

// nullopt: the call brings none.
std::optional<absl::string_view> TokenOf(const grpc::ServerContextBase& context) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find(vocabulary::kTokenMetadata);
  if (found == metadata.end()) return std::nullopt;
  absl::string_view value(found->second.data(), found->second.size());
  if (!absl::ConsumePrefix(&value, vocabulary::kBearer)) return std::nullopt;
  return value;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Access>> Access::Open(const std::vector<std::string>& own_tokens,
                                                     const std::string& owner,
                                                     const std::string& token_file) {
  TokenTable own;
  for (const std::string& token : own_tokens) own.Add(token, {owner, Role::kAll});
  auto access = absl::WrapUnique(new Access(std::move(own), owner, token_file));
  if (absl::Status status = access->Refresh(); !status.ok()) return status;
  return access;
}

Access::Access(TokenTable own, std::string owner, std::string token_file)
    : own_(std::move(own)),
      owner_(std::move(owner)),
      token_file_(std::move(token_file)),
      others_(std::make_shared<TokenTable>()) {}

std::shared_ptr<const TokenTable> Access::others() const {
  absl::MutexLock lock(&mutex_);
  return others_;
}

std::optional<Caller> Access::OfCertificate(const grpc::AuthContext& peer) const {
  const auto names = peer.FindPropertyValues(GRPC_X509_CN_PROPERTY_NAME);
  const std::string name = names.empty() ? "" : std::string(names[0].data(), names[0].size());
  const std::shared_ptr<const TokenTable> table = others();
  if (token_file_.empty()) return Caller{name.empty() ? owner_ : name, Role::kAll};
  for (const Caller& known : table->certificates()) {
    if (known.name == name) return known;
  }
  return std::nullopt;
}

absl::StatusOr<Caller> Access::Admit(const grpc::ServerContextBase& context, Right right) const {
  std::optional<Caller> caller;
  if (const auto token = TokenOf(context)) {
    caller = own_.Find(*token);
    const std::optional<Caller> other = others()->Find(*token);
    if (!caller) caller = other;
  } else if (const auto peer = context.auth_context(); peer && peer->IsPeerAuthenticated()) {
    caller = OfCertificate(*peer);
  }
  if (!caller) return absl::UnauthenticatedError("not authenticated");
  if (!Has(caller->role, right)) return absl::PermissionDeniedError("not permitted");
  return *caller;
}

absl::Status Access::Refresh() {
  if (token_file_.empty()) return absl::OkStatus();
  const FileVersion version = VersionOf(token_file_);
  if (version == version_ && refused_.ok()) return absl::OkStatus();
  auto read = ReadTokenTable(token_file_);
  const bool said = version == version_ && read.status() == refused_;
  version_ = version;
  refused_ = read.status();
  if (!read.ok()) return said ? absl::OkStatus() : refused_;
  absl::MutexLock lock(&mutex_);
  others_ = std::make_shared<const TokenTable>(*std::move(read));
  return absl::OkStatus();
}

}  // namespace caviar::server_api
