#include "tests/storage/memory_disk.h"

#include <algorithm>
#include <array>
#include <random>

namespace caviar::storage {
namespace {

constexpr int64_t kSector = 512;

enum class Fate { kKept, kDropped, kGarbage };

Fate Draw(uint64_t seed, std::mt19937_64& random) {
  switch (seed % 4) {
    case 0:
      return Fate::kDropped;
    case 1:
      return Fate::kKept;
    case 2:
      return random() % 2 == 0 ? Fate::kKept : Fate::kDropped;
    default:
      return std::array{Fate::kKept, Fate::kDropped, Fate::kGarbage}[random() % 3];
  }
}

}  // namespace

void MemoryFile::Do(const Change& change, std::string& data) {
  const size_t at = static_cast<size_t>(change.at);
  if (change.data.empty()) return data.resize(at);
  data.resize(std::max(data.size(), at + change.data.size()));
  std::copy(change.data.begin(), change.data.end(), data.begin() + change.at);
}

void MemoryFile::Write(int64_t at, absl::string_view data) {
  if (data.empty()) return;
  unsynced_.push_back({at, std::string(data)});
  Do(unsynced_.back(), data_);
}

void MemoryFile::Truncate(int64_t size) {
  unsynced_.push_back({size, ""});
  Do(unsynced_.back(), data_);
}

void MemoryFile::Sync() {
  for (const Change& change : unsynced_) Do(change, durable_);
  unsynced_.clear();
}

MemoryFile MemoryFile::AfterPowerLoss(uint64_t seed) const {
  std::mt19937_64 random(seed);
  MemoryFile left;
  left.durable_ = durable_;
  for (const Change& change : unsynced_) {
    if (change.data.empty()) {
      if (Draw(seed, random) != Fate::kDropped) Do(change, left.durable_);
      continue;
    }
    const int64_t end = change.at + static_cast<int64_t>(change.data.size());
    for (int64_t at = change.at; at < end;) {
      const int64_t next = std::min(end, (at / kSector + 1) * kSector);
      Change piece{at, change.data.substr(at - change.at, next - at)};
      const Fate fate = Draw(seed, random);
      if (fate == Fate::kGarbage) {
        for (char& byte : piece.data) byte = static_cast<char>(random());
      }
      if (fate != Fate::kDropped) Do(piece, left.durable_);
      at = next;
    }
  }
  left.data_ = left.durable_;
  return left;
}

MemoryDisk::MemoryDisk(const MemoryDisk& other) {
  std::map<const MemoryFile*, std::shared_ptr<MemoryFile>> copies;
  const auto copy = [&copies](const Names& names) {
    Names result;
    for (const auto& [name, file] : names) {
      std::shared_ptr<MemoryFile>& made = copies[file.get()];
      if (made == nullptr) made = std::make_shared<MemoryFile>(*file);
      result[name] = made;
    }
    return result;
  };
  names_ = copy(other.names_);
  for (const Names& names : other.unsynced_) unsynced_.push_back(copy(names));
}

std::shared_ptr<MemoryFile> MemoryDisk::Find(const std::string& name) const {
  const auto it = names_.find(name);
  return it != names_.end() ? it->second : nullptr;
}

std::shared_ptr<MemoryFile> MemoryDisk::Make(const std::string& name) {
  unsynced_.push_back(names_);
  return names_[name] = std::make_shared<MemoryFile>();
}

void MemoryDisk::Erase(const std::string& name) {
  unsynced_.push_back(names_);
  names_.erase(name);
}

void MemoryDisk::SyncNames() { unsynced_.clear(); }

MemoryDisk MemoryDisk::AfterPowerLoss(uint64_t seed) const {
  std::mt19937_64 random(seed);
  size_t kept = unsynced_.size();
  if (seed % 4 == 0) kept = 0;
  if (seed % 4 > 1) kept = random() % (unsynced_.size() + 1);
  MemoryDisk left;
  for (const auto& [name, file] : kept < unsynced_.size() ? unsynced_[kept] : names_) {
    left.names_[name] = std::make_shared<MemoryFile>(file->AfterPowerLoss(random() * 4 + seed % 4));
  }
  return left;
}

}  // namespace caviar::storage
