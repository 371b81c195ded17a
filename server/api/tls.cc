#include "server/api/tls.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace caviar::server_api {
namespace {

constexpr unsigned kLookAgainSeconds = 60;

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;

absl::Status Wrong(const std::string& file, const char* what) {
  ERR_clear_error();
  return absl::FailedPreconditionError(absl::StrCat(file, ": ", what));
}

// nullptr: there is none, or no file.
Certificate ReadCertificate(const std::string& file) {
  const Bio bytes(BIO_new_file(file.c_str(), "r"));
  return Certificate(bytes ? PEM_read_bio_X509(bytes.get(), nullptr, nullptr, nullptr) : nullptr);
}

// One with a passphrase counts as none: nobody is there to be asked for it.
Key ReadKey(const std::string& file) {
  const Bio bytes(BIO_new_file(file.c_str(), "r"));
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  return Key(bytes ? PEM_read_bio_PrivateKey(bytes.get(), nullptr, no_passphrase, nullptr)
                   : nullptr);
}

}  // namespace

absl::Status CheckTlsFiles(const TlsFiles& files) {
  if (files.certificate.empty() && files.key.empty() && files.client_authority.empty()) {
    return absl::OkStatus();
  }
  const Certificate certificate = ReadCertificate(files.certificate);
  if (!certificate) return Wrong(files.certificate, "there is no certificate (PEM) in it");
  const Key key = ReadKey(files.key);
  if (!key) return Wrong(files.key, "there is no key (PEM, without passphrase) in it");
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return Wrong(files.key, absl::StrCat("is not the key of ", files.certificate).c_str());
  }
  if (!files.client_authority.empty() && !ReadCertificate(files.client_authority)) {
    return Wrong(files.client_authority, "there is no certificate (PEM) in it");
  }
  return absl::OkStatus();
}

std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(const TlsFiles& files) {
  if (files.certificate.empty()) return grpc::InsecureServerCredentials();
  using grpc::experimental::FileWatcherCertificateProvider;
  grpc::experimental::TlsServerCredentialsOptions options(
      std::make_shared<FileWatcherCertificateProvider>(files.key, files.certificate,
                                                       files.client_authority, kLookAgainSeconds));
  options.watch_identity_key_cert_pairs();
  if (files.client_authority.empty()) {
    options.set_cert_request_type(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  } else {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return grpc::experimental::TlsServerCredentials(options);
}

}  // namespace caviar::server_api
