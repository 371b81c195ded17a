#include "storage/file_system.h"

#include <filesystem>
#include <map>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace caviar::storage {

namespace fs = std::filesystem;

std::string NetworkFileSystem(int64_t type) {
  // From <linux/magic.h>, and from the file systems' own sources where it lacks them.
  static const std::map<uint32_t, std::string> names = {
      {0x6969, "NFS"},          {0x0BD00BD0, "Lustre"},     {0x47504653, "GPFS"},
      {0xFF534D42, "CIFS"},     {0xFE534D42, "SMB"},        {0x517B, "SMB"},
      {0x19830326, "BeeGFS"},   {0x00C36400, "Ceph"},       {0x65735546, "FUSE"},
      {0xAAD7AAEA, "PanFS"},    {0x5346414F, "AFS"},        {0x01021997, "9P"},
      {0x73757245, "Coda"},     {0x7461636F, "OCFS2"},      {0x01161970, "GFS2"},
      {0x20030528, "OrangeFS"}, {0x786F4256, "VirtualBox"}, {0x6B414653, "AFS"},
  };
  const auto name = names.find(static_cast<uint32_t>(type));
  return name == names.end() ? "" : name->second;
}

absl::Status CheckFileSystem(const std::string& data_directory, const StatFileSystem& stat) {
  std::error_code error;
  fs::path there = fs::absolute(data_directory, error);
  while (!fs::exists(there, error) && there.has_relative_path()) there = there.parent_path();
  struct statfs found = {};
  if (stat(there.c_str(), &found) != 0) return absl::OkStatus();  // opening it will say why
  const std::string name = NetworkFileSystem(found.f_type);
  if (name.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "--data-dir ", data_directory, " is on a network's file system (", name,
      "), where a database can be damaged: use a local disk, with --copy-to for a copy on this "
      "one; "
      "or give --network-fs, which lets nothing but this coordinator read the database"));
}

}  // namespace caviar::storage
