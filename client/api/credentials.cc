#include "client/api/credentials.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "caviar/v1/token.h"
#include "client/api/loopback.h"

namespace caviar::client {
namespace {

constexpr absl::Duration kReadAgain = absl::Seconds(1);
constexpr char kAuthority[] = "--tls-ca ($CAVIAR_TLS_CA)";
constexpr char kCertificate[] = "--tls-cert ($CAVIAR_TLS_CERT)";
constexpr char kKey[] = "--tls-key ($CAVIAR_TLS_KEY)";

std::string Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

void FillIn(std::string& what, const char* variable) {
  if (what.empty()) what = Variable(variable);
}

}  // namespace

Credentials WithEnvironment(Credentials credentials) {
  FillIn(credentials.token_file, "CAVIAR_TOKEN_FILE");
  FillIn(credentials.tls_authority, "CAVIAR_TLS_CA");
  FillIn(credentials.tls_certificate, "CAVIAR_TLS_CERT");
  FillIn(credentials.tls_key, "CAVIAR_TLS_KEY");
  return credentials;
}

absl::Status CheckCredentials(const Credentials& credentials) {
  const bool has_certificate = !credentials.tls_certificate.empty();
  if (has_certificate != !credentials.tls_key.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(has_certificate ? kCertificate : kKey, " is given without ",
                     has_certificate ? kKey : kCertificate, ": they go together"));
  }
  if (has_certificate && credentials.tls_authority.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(kCertificate, " is given without ", kAuthority,
                     ": nothing would be encrypted, nor the coordinator known"));
  }
  const std::pair<const char*, const std::string&> files[] = {
      {kAuthority, credentials.tls_authority},
      {kCertificate, credentials.tls_certificate},
      {kKey, credentials.tls_key}};
  for (const auto& [option, file] : files) {
    if (!file.empty() && access(file.c_str(), R_OK) != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(option, ": ", file, " cannot be read: ", strerror(errno)));
    }
  }
  if (!credentials.token_file.empty()) {
    const absl::Status token = vocabulary::ReadTokenFile(credentials.token_file, false).status();
    if (token.ok() || absl::IsNotFound(token)) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("--token-file ($CAVIAR_TOKEN_FILE): ", token.message()));
  }
  if (const std::string token = Variable("CAVIAR_TOKEN");
      !token.empty() && !vocabulary::IsToken(token)) {
    return absl::InvalidArgumentError(
        "$CAVIAR_TOKEN is no token: it has to be 16 to 512 printable characters without spaces");
  }
  return absl::OkStatus();
}

std::string WhereTokensAre() {
  const std::string own = vocabulary::UserTokenFile();
  return absl::StrCat("--token-file, $CAVIAR_TOKEN_FILE, $CAVIAR_TOKEN",
                      own.empty() ? ""
                                  : absl::StrCat(" or, for coordinators of this user at 127.0.0.1, "
                                                 "localhost or file:PATH, ",
                                                 own));
}

bool TokenSource::MaySendOwn() const {
  const std::string& address = address_.host_and_port;
  return IsLoopback(address) ? !WhereSomebodyElseListens(address) : address_.is_own;
}

std::string TokenSource::Get() {
  // Whoever took the port just now: asked for each call.
  if (token_file_.empty() && Variable("CAVIAR_TOKEN").empty() && !MaySendOwn()) return "";
  absl::MutexLock lock(&mutex_);
  const absl::Time now = absl::Now();
  if (now - read_ < kReadAgain && now >= read_ && !token_.empty()) return token_;
  // What cannot be read just now held a moment ago.
  if (std::optional<std::string> token = Read()) token_ = *std::move(token);
  read_ = now;
  return token_;
}

std::optional<std::string> TokenSource::Read() const {
  const auto read = [](const std::string& file, bool has_to_be_private) {
    auto token = vocabulary::ReadTokenFile(file, has_to_be_private);
    return token.ok() ? std::optional(*std::move(token)) : std::nullopt;
  };
  if (!token_file_.empty()) return read(token_file_, false);
  // One that is no token stands for none: the caller did not mean to be somebody else.
  if (std::string token = Variable("CAVIAR_TOKEN"); !token.empty()) {
    return vocabulary::IsToken(token) ? token : "";
  }
  // Whoever took the port meanwhile is sent nothing, not what was good for the one before either.
  if (!MaySendOwn()) return "";
  const std::string own = vocabulary::UserTokenFile();
  return own.empty() ? std::nullopt : read(own, true);
}

}  // namespace caviar::client
