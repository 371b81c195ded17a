// A cache in which nothing is loaded twice at the same time. Internal to this room.
#ifndef CAVIAR_WORKER_DATA_LOAD_ONCE_H_
#define CAVIAR_WORKER_DATA_LOAD_ONCE_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace caviar::data {

// Thread safe. Values live as long as somebody holds them; the cache itself holds the last `kept`
// ones used. Failures are not kept.
template <typename T>
class LoadOnce {
 public:
  using Result = absl::StatusOr<std::shared_ptr<const T>>;

  explicit LoadOnce(size_t kept) : kept_(kept) {}

  // The value of `key`. Calls `load`, without a lock, unless there is one; who comes meanwhile
  // waits and gets the same result.
  Result Get(const std::string& key, const std::function<Result()>& load) {
    std::shared_ptr<Loading> loading;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      const auto value = values_.find(key);
      if (value != values_.end()) {
        if (std::shared_ptr<const T> alive = value->second.lock()) {
          Keep(alive);
          return alive;
        }
      }
      const auto [it, first] = loading_.try_emplace(key);
      if (!first) {
        loading = it->second;
        loaded_.wait(lock, [&] { return loading->done; });
        return loading->result;
      }
      loading = it->second = std::make_shared<Loading>();
    }
    Result result = load();
    std::lock_guard<std::mutex> lock(mutex_);
    std::erase_if(values_, [](const auto& entry) { return entry.second.expired(); });
    if (result.ok()) {
      values_[key] = *result;
      Keep(*result);
    }
    loading->result = result;
    loading->done = true;
    loading_.erase(key);
    loaded_.notify_all();
    return result;
  }

 private:
  struct Loading {
    bool done = false;
    Result result = absl::UnknownError("not loaded");
  };

  // The newest at the back.
  void Keep(const std::shared_ptr<const T>& value) {
    std::erase(recent_, value);
    recent_.push_back(value);
    if (recent_.size() > kept_) recent_.pop_front();
  }

  const size_t kept_;
  std::mutex mutex_;  // guards all below
  std::condition_variable loaded_;
  std::map<std::string, std::weak_ptr<const T>> values_;
  std::map<std::string, std::shared_ptr<Loading>> loading_;
  std::deque<std::shared_ptr<const T>> recent_;
};

}  // namespace caviar::data

#endif  // CAVIAR_WORKER_DATA_LOAD_ONCE_H_
