#include "server/api/tls.h"

#include <fcntl.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace caviar::server_api {
namespace {

// How often gRPC looks at what is in memory.
constexpr unsigned kLookAgainSeconds = 1;

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

// "": there is no such file.
std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Bio Open(const std::string& file) { return Bio(BIO_new_file(file.c_str(), "r")); }

// In their order; none where there are none, or no file.
std::vector<Certificate> ReadCertificates(const std::string& file) {
  std::vector<Certificate> certificates;
  const Bio bytes = Open(file);
  while (bytes) {
    Certificate next(PEM_read_bio_X509(bytes.get(), nullptr, nullptr, nullptr));
    if (!next) break;
    certificates.push_back(std::move(next));
  }
  ERR_clear_error();
  return certificates;
}

// One with a passphrase counts as none: nobody is there to be asked for it.
Key ReadKey(const std::string& file) {
  const Bio bytes = Open(file);
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  return Key(bytes ? PEM_read_bio_PrivateKey(bytes.get(), nullptr, no_passphrase, nullptr)
                   : nullptr);
}

// PEM; `key` may be nullptr.
std::string Write(EVP_PKEY* key, const std::vector<Certificate>& certificates) {
  const Bio bytes(BIO_new(BIO_s_mem()));
  if (key != nullptr) {
    PEM_write_bio_PrivateKey(bytes.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  }
  for (const Certificate& certificate : certificates) {
    PEM_write_bio_X509(bytes.get(), certificate.get());
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(bytes.get(), &data);
  return {data, static_cast<size_t>(size)};
}

}  // namespace

absl::Status ServedTls::MemoryFile::Replace(const std::string& content) {
  FileDescriptor next(memfd_create("caviar-tls", MFD_CLOEXEC));
  const auto size = static_cast<ssize_t>(content.size());
  time_ = std::max(time_ + 1, time(nullptr));
  const timespec times[2] = {{time_, 0}, {time_, 0}};
  if (!next.open() || write(next.get(), content.data(), content.size()) != size ||
      futimens(next.get(), times) != 0) {
    return absl::InternalError(absl::StrCat("no file in memory: ", strerror(errno)));
  }
  if (!file_.open()) {
    file_ = std::move(next);
  } else if (dup3(next.get(), file_.get(), O_CLOEXEC) < 0) {
    return absl::InternalError(absl::StrCat("a file in memory stays: ", strerror(errno)));
  }
  if (access(path().c_str(), R_OK) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path(), " cannot be read: TLS needs /proc to be mounted"));
}

std::string ServedTls::MemoryFile::path() const {
  return file_.open() ? absl::StrCat("/proc/self/fd/", file_.get()) : "";
}

absl::StatusOr<ServedTls::Contents> ServedTls::ReadContents() const {
  const std::vector<Certificate> certificates = ReadCertificates(files_.certificate);
  if (certificates.empty()) {
    return Wrong(files_.certificate, "there is no certificate (PEM) in it");
  }
  const Key key = ReadKey(files_.key);
  if (!key) return Wrong(files_.key, "there is no key (PEM, without passphrase) in it");
  if (X509_check_private_key(certificates[0].get(), key.get()) != 1) {
    return Wrong(files_.key, absl::StrCat("is not the key of ", files_.certificate).c_str());
  }
  Contents contents;
  contents.identity = Write(key.get(), certificates);
  if (files_.client_authority.empty()) return contents;
  const std::vector<Certificate> authorities = ReadCertificates(files_.client_authority);
  if (authorities.empty()) {
    return Wrong(files_.client_authority, "there is no certificate (PEM) in it");
  }
  contents.authority = Write(nullptr, authorities);
  return contents;
}

absl::StatusOr<std::unique_ptr<ServedTls>> ServedTls::Read(const TlsFiles& files) {
  auto served = std::unique_ptr<ServedTls>(new ServedTls(files));
  if (absl::Status status = served->Refresh(); !status.ok()) return status;
  return served;
}

absl::Status ServedTls::Refresh() {
  std::string seen = absl::StrCat(ReadFile(files_.certificate), "\n", ReadFile(files_.key), "\n",
                                  ReadFile(files_.client_authority));
  if (std::exchange(seen_, seen) == seen) return absl::OkStatus();
  auto contents = ReadContents();
  if (!contents.ok()) return contents.status();
  if (contents->identity != served_.identity) {
    if (absl::Status status = identity_.Replace(contents->identity); !status.ok()) return status;
  }
  if (contents->authority != served_.authority) {
    if (absl::Status status = authority_.Replace(contents->authority); !status.ok()) return status;
  }
  served_ = *std::move(contents);
  return absl::OkStatus();
}

std::shared_ptr<grpc::ServerCredentials> ServedTls::MakeCredentials() const {
  using grpc::experimental::FileWatcherCertificateProvider;
  // Key and certificates are one file, so that no look finds one of them without the other.
  grpc::experimental::TlsServerCredentialsOptions options(
      std::make_shared<FileWatcherCertificateProvider>(identity_.path(), identity_.path(),
                                                       authority_.path(), kLookAgainSeconds));
  options.watch_identity_key_cert_pairs();
  if (files_.client_authority.empty()) {
    options.set_cert_request_type(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  } else {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return grpc::experimental::TlsServerCredentials(options);
}

}  // namespace caviar::server_api
