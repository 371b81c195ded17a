#include "server/api/token_table.h"

#include <openssl/crypto.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "caviar/v1/sha256.h"
#include "caviar/v1/token.h"

namespace caviar::server_api {
namespace {

constexpr size_t kDigestDigits = 64;
constexpr size_t kLongestName = 64;

std::optional<Role> ParseRole(absl::string_view word) {
  if (word == "read") return Role::kRead;
  if (word == "write") return Role::kWrite;
  if (word == "command") return Role::kCommand;
  if (word == "worker") return Role::kWorker;
  return std::nullopt;
}

bool IsName(absl::string_view text) {
  return text.size() <= kLongestName && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(c) || absl::StrContains("_.-@", std::string(1, c));
         });
}

bool IsDigest(absl::string_view text) {
  return text.size() == kDigestDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f');
         });
}

// What is wrong with a line; "": nothing.
std::string AddLine(const std::string& line, std::set<std::string>& names, TokenTable& table) {
  const std::vector<std::string> words =
      absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
  if (words.size() != 3) return "has to be NAME ROLE TOKEN, or NAME ROLE certificate";
  if (!IsName(words[0])) return "its name may have letters, digits, _ . - and @, at most 64";
  if (!names.insert(words[0]).second) return "its name stands in another line too";
  const std::optional<Role> role = ParseRole(words[1]);
  if (!role) return "its role is none of read, write, command, worker";
  absl::string_view token = words[2];
  if (token == "certificate") {
    table.AddCertificate({words[0], *role});
    return "";
  }
  const bool is_digest = absl::ConsumePrefix(&token, "sha256:");
  if (is_digest) {
    if (!IsDigest(token)) return "sha256: is not followed by 64 lower-case hex digits";
  } else if (!vocabulary::IsToken(token)) {
    return "its token has not 16 to 512 printable characters";
  }
  std::string digest = is_digest ? std::string(token) : vocabulary::Sha256(token);
  if (table.HasDigest(digest)) return "its token stands in another line too";
  table.AddDigest(std::move(digest), {words[0], *role});
  return "";
}

}  // namespace

bool Has(Role role, Right right) {
  switch (role) {
    case Role::kRead:
      return right == Right::kRead;
    case Role::kWrite:
      return right == Right::kRead || right == Right::kWrite;
    case Role::kCommand:
      return right != Right::kWork;
    case Role::kWorker:
      return right == Right::kWork;
    case Role::kAll:
      return true;
  }
  return false;
}

void TokenTable::Add(absl::string_view token, Caller caller) {
  AddDigest(vocabulary::Sha256(token), std::move(caller));
}

void TokenTable::AddDigest(std::string sha256, Caller caller) {
  entries_.emplace_back(std::move(sha256), std::move(caller));
}

bool TokenTable::HasDigest(absl::string_view sha256) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [sha256](const auto& entry) { return entry.first == sha256; });
}

std::optional<Caller> TokenTable::Find(absl::string_view token) const {
  const std::string digest = vocabulary::Sha256(token);
  const Caller* found = nullptr;
  for (const auto& [known, caller] : entries_) {
    if (CRYPTO_memcmp(known.data(), digest.data(), kDigestDigits) == 0) found = &caller;
  }
  if (found == nullptr) return std::nullopt;
  return *found;
}

absl::StatusOr<TokenTable> ReadTokenTable(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": ", strerror(errno)));
  }
  // Root may have made it for a group, as Kubernetes does with what is mounted.
  const bool is_lent = status.st_uid == 0 && geteuid() != 0;
  const mode_t open_to_others = (is_lent ? S_IWGRP | S_IXGRP : S_IRWXG) | S_IRWXO;
  if ((status.st_mode & open_to_others) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is open to others than its owner: chmod 600 ", path));
  }
  std::ifstream file(path);
  TokenTable table;
  std::set<std::string> names;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    line.resize(std::min(line.find('#'), line.size()));
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    const std::string wrong = AddLine(line, names, table);
    if (!wrong.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ", line ", number, ": ", wrong));
    }
  }
  if (file.bad() || !file.eof()) {
    return absl::FailedPreconditionError(absl::StrCat(path, " cannot be read"));
  }
  return table;
}

FileVersion VersionOf(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) return {};
  return {static_cast<int64_t>(status.st_dev),          static_cast<int64_t>(status.st_ino),
          static_cast<int64_t>(status.st_size),         static_cast<int64_t>(status.st_mtim.tv_sec),
          static_cast<int64_t>(status.st_mtim.tv_nsec), static_cast<int64_t>(status.st_ctim.tv_sec),
          static_cast<int64_t>(status.st_ctim.tv_nsec)};
}

}  // namespace caviar::server_api
