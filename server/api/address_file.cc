#include "server/api/address_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "server/api/file_descriptor.h"
#include "server/api/listen_address.h"

namespace caviar::server_api {
namespace {

bool IsEveryAddress(const std::string& host) {
  return host == "0.0.0.0" || host == "::" || host == "*" || host.empty();
}

absl::Status CannotWrite(const std::string& path) {
  return absl::FailedPreconditionError(absl::StrCat("cannot write --address-file ", path, ": ",
                                                    std::strerror(errno),
                                                    "; its folder must be there, and writable"));
}

// OK once `line` is in the file, on the disk; a network's file system says so only then.
bool WriteWhole(int descriptor, const std::string& line) {
  return write(descriptor, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
         fsync(descriptor) == 0;
}

}  // namespace

absl::StatusOr<std::string> AdvertisedAddress(const std::string& served,
                                              absl::string_view advertise,
                                              const std::string& host_name) {
  absl::StatusOr<ListenAddress> address = ParseListenAddress(served);
  if (!address.ok()) return address.status();
  if (advertise.empty()) {
    if (IsEveryAddress(address->host)) address->host = host_name;
    return address->ToString();
  }
  absl::StatusOr<ListenAddress> wanted = ParseListenAddress(advertise);
  if (!wanted.ok()) wanted = ParseListenAddress(absl::StrCat(advertise, ":", address->port));
  if (!wanted.ok() || wanted->port == 0 || IsEveryAddress(wanted->host)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--advertise ", advertise,
                     ": write the name under which others reach this machine, HOST or HOST:PORT"));
  }
  return wanted->ToString();
}

absl::StatusOr<std::unique_ptr<AddressFile>> AddressFile::Write(const std::string& path,
                                                                const std::string& address) {
  std::string temporary = path + ".XXXXXX";
  const int descriptor = mkostemp(temporary.data(), O_CLOEXEC);  // 0600
  if (descriptor < 0) return CannotWrite(path);
  const FileDescriptor file(descriptor);
  struct stat written = {};
  if (!WriteWhole(descriptor, address + "\n") || fstat(descriptor, &written) != 0 ||
      std::rename(temporary.c_str(), path.c_str()) != 0) {
    absl::Status status = CannotWrite(path);
    unlink(temporary.c_str());
    return status;
  }
  return absl::WrapUnique(new AddressFile(path, written));
}

AddressFile::~AddressFile() {
  struct stat now = {};
  const bool ours = lstat(path_.c_str(), &now) == 0 && now.st_dev == written_.st_dev &&
                    now.st_ino == written_.st_ino &&
                    now.st_mtim.tv_sec == written_.st_mtim.tv_sec &&
                    now.st_mtim.tv_nsec == written_.st_mtim.tv_nsec;
  if (ours) unlink(path_.c_str());
}

}  // namespace caviar::server_api
