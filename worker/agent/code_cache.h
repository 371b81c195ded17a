// The code archives that a worker has fetched.
#ifndef CAVIAR_WORKER_AGENT_CODE_CACHE_H_
#define CAVIAR_WORKER_AGENT_CODE_CACHE_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace caviar::agent {

// A file that is whole, and goes with its last holder.
class CodeFile {
 public:
  explicit CodeFile(std::string path) : path_(std::move(path)) {}
  ~CodeFile();
  CodeFile(const CodeFile&) = delete;
  CodeFile& operator=(const CodeFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

// Keeps archives by their hash, a file each, in a folder of its own: each is fetched once, whoever
// needs it. Those that were not used for longest go where there are more than `max_bytes`. Thread
// safe.
class CodeCache {
 public:
  static constexpr int64_t kDefaultMaxBytes = int64_t{1} << 30;

  using File = std::shared_ptr<const CodeFile>;
  using Fetch = std::function<absl::StatusOr<std::string>()>;

  // `folder` is made where it is not there.
  explicit CodeCache(std::string folder, int64_t max_bytes = kDefaultMaxBytes);

  // The archive with this hash; `fetch` brings its bytes where it is not there. Blocks while
  // another fetches the same, until `give_up`, which is asked again and again: CANCELLED then.
  // Errors of `fetch` are passed on; UNAVAILABLE says what could not be written. A file that
  // somebody removed is fetched again.
  absl::StatusOr<File> Get(const std::string& sha256, const Fetch& fetch,
                           const std::function<bool()>& give_up);

 private:
  struct Entry {
    std::string sha256;
    int64_t size = 0;
    File file;
  };

  // Blocks until nobody else fetches it; then the file, or nullptr: the caller is to fetch it.
  absl::StatusOr<File> FindOrClaim(const std::string& sha256, const std::function<bool()>& give_up);
  absl::StatusOr<File> FetchAndWrite(const std::string& sha256, const Fetch& fetch, int64_t& size);
  void Forget(const File& file);
  // The end of a fetch that FindOrClaim called for; `file` is null where it failed.
  void Fetched(const std::string& sha256, int64_t size, const File& file);

  const std::string folder_;
  const int64_t max_bytes_;
  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::list<Entry> entries_;  // the one that was used last comes first
  int64_t bytes_ = 0;         // of entries_
  std::set<std::string> being_fetched_;
  int64_t files_ = 0;  // ever fetched
};

}  // namespace caviar::agent

#endif  // CAVIAR_WORKER_AGENT_CODE_CACHE_H_
