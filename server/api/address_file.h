// Says in a file where this coordinator serves, for those who cannot know: --address-file.
//
// The file is one line, host:port, and is replaced as a whole: whoever reads it sees the old line
// or the new one. It is readable by its owner alone, who is the one whose workers should come.
#ifndef CAVIAR_SERVER_API_ADDRESS_FILE_H_
#define CAVIAR_SERVER_API_ADDRESS_FILE_H_

#include <sys/stat.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace caviar::server_api {

// What others call a server on `served`, host:port: `advertise` (HOST or HOST:PORT) where it is not
// empty; else the address itself, with this machine's name, `host_name`, in place of one that means
// every address (0.0.0.0, ::). INVALID_ARGUMENT: `advertise` is neither form.
absl::StatusOr<std::string> AdvertisedAddress(const std::string& served,
                                              absl::string_view advertise,
                                              const std::string& host_name);

class AddressFile {
 public:
  // FAILED_PRECONDITION: it cannot be written; the message names it and says why.
  static absl::StatusOr<std::unique_ptr<AddressFile>> Write(const std::string& path,
                                                            const std::string& address);
  // Removes it, unless another coordinator has written its own there meanwhile.
  ~AddressFile();
  AddressFile(const AddressFile&) = delete;
  AddressFile& operator=(const AddressFile&) = delete;

 private:
  AddressFile(std::string path, const struct stat& written)
      : path_(std::move(path)), written_(written) {}

  const std::string path_;
  const struct stat written_;
};

}  // namespace caviar::server_api

#endif  // CAVIAR_SERVER_API_ADDRESS_FILE_H_
