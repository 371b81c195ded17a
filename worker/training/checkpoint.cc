#include "worker/training/checkpoint.h"

#include <bit>
#include <cstring>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "worker/network/byte_stream.h"

namespace caviar::training {
namespace {

using network::ByteReader;
using network::ByteWriter;

constexpr absl::string_view kMagic = "CAVIARCP";
constexpr uint32_t kVersion = 1;

void Write(const network::NetworkState& state, ByteWriter& out) {
  out.Write(static_cast<uint64_t>(state.updates));
  out.WriteCounted(state.parameters);
  out.WriteCounted(state.statistics);
}

// A count that fits an int64_t.
bool ReadCount(ByteReader& reader, int64_t& count) {
  uint64_t value = 0;
  if (!reader.Read(value) || value > uint64_t{std::numeric_limits<int64_t>::max()}) return false;
  count = static_cast<int64_t>(value);
  return true;
}

bool Read(ByteReader& reader, network::NetworkState& state) {
  return ReadCount(reader, state.updates) && reader.ReadCounted(state.parameters) &&
         reader.ReadCounted(state.statistics);
}

// 0 or 1, before something that is there or not.
bool ReadFlag(ByteReader& reader, bool& flag) {
  uint32_t value = 0;
  if (!reader.Read(value) || value > 1) return false;
  flag = value == 1;
  return true;
}

// A flag and a number, which is 0 where the flag is: nothing is read that would not be written.
template <typename T>
bool ReadOptional(ByteReader& reader, std::optional<T>& value) {
  bool has = false;
  T number = 0;
  if (!ReadFlag(reader, has) || !reader.Read(number)) return false;
  if (has) value = number;
  return has || std::bit_cast<uint64_t>(number) == 0;
}

bool ReadBody(ByteReader& reader, Checkpoint& checkpoint) {
  bool has_kept;
  if (!reader.Read(checkpoint.epoch) || !reader.Read(checkpoint.updates) ||
      !reader.Read(checkpoint.sums.loss) || !reader.Read(checkpoint.sums.correct) ||
      !reader.Read(checkpoint.sums.gradient_norm) ||
      !ReadOptional(reader, checkpoint.choice.step) || !reader.Read(checkpoint.choice.value) ||
      !ReadOptional(reader, checkpoint.plateau.best) ||
      !reader.Read(checkpoint.plateau.epochs_without_gain) ||
      !Read(reader, checkpoint.network.network) || !reader.ReadCounted(checkpoint.network.first) ||
      !reader.ReadCounted(checkpoint.network.second) ||
      !ReadCount(reader, checkpoint.network.steps) || !ReadFlag(reader, has_kept)) {
    return false;
  }
  if (has_kept && !Read(reader, checkpoint.kept.emplace())) return false;
  return reader.remaining() == 0;
}

bool SameSizes(const network::NetworkState& a, const network::NetworkState& b) {
  return a.parameters.size() == b.parameters.size() && a.statistics.size() == b.statistics.size();
}

bool SameSizes(const network::TrainingState& a, const network::TrainingState& b) {
  return SameSizes(a.network, b.network) && a.first.size() == b.first.size() &&
         a.second.size() == b.second.size();
}

absl::Status Refuse(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("checkpoint: ", what));
}

}  // namespace

std::string SerializeCheckpoint(const Checkpoint& checkpoint) {
  const network::TrainingState& state = checkpoint.network;
  const size_t kept = checkpoint.kept ? checkpoint.kept->parameters.size() : 0;
  ByteWriter out;
  out.Reserve((state.network.parameters.size() + 2 * state.network.statistics.size() +
               state.first.size() + state.second.size() + kept) *
                  sizeof(float) +
              checkpoint.identity.size() + 256);
  out.WriteBytes(kMagic);
  out.Write(kVersion);
  out.WriteCounted(checkpoint.identity);
  out.Write(checkpoint.epoch);
  out.Write(checkpoint.updates);
  out.Write(checkpoint.sums.loss);
  out.Write(checkpoint.sums.correct);
  out.Write(checkpoint.sums.gradient_norm);
  out.Write(uint32_t{checkpoint.choice.step.has_value()});
  out.Write(checkpoint.choice.step.value_or(0));
  out.Write(checkpoint.choice.value);
  out.Write(uint32_t{checkpoint.plateau.best.has_value()});
  out.Write(checkpoint.plateau.best.value_or(0));
  out.Write(checkpoint.plateau.epochs_without_gain);
  Write(state.network, out);
  out.WriteCounted(state.first);
  out.WriteCounted(state.second);
  out.Write(static_cast<uint64_t>(state.steps));
  out.Write(uint32_t{checkpoint.kept.has_value()});
  if (checkpoint.kept) Write(*checkpoint.kept, out);
  return out.TakeWithChecksum();
}

absl::StatusOr<Checkpoint> ParseCheckpoint(absl::string_view bytes, absl::string_view identity,
                                           const network::TrainingState& expected) {
  constexpr size_t kHead = kMagic.size() + sizeof(kVersion);
  uint32_t version = 0, crc32 = 0;
  if (bytes.substr(0, kMagic.size()) != kMagic || bytes.size() < kHead + sizeof(crc32)) {
    return Refuse("it does not start with \"CAVIARCP\", or is truncated");
  }
  std::memcpy(&version, bytes.data() + kMagic.size(), sizeof(version));
  if (version != kVersion) {
    return Refuse(absl::StrCat("its version is ", version, ", this build reads ", kVersion));
  }
  const absl::string_view body = bytes.substr(0, bytes.size() - sizeof(crc32));
  std::memcpy(&crc32, bytes.data() + body.size(), sizeof(crc32));
  if (crc32 != network::Crc32(body)) {
    return Refuse(absl::StrCat("its checksum is wrong: the file of ", bytes.size(),
                               " bytes is truncated or damaged"));
  }
  ByteReader reader(body.substr(kHead));
  Checkpoint checkpoint;
  if (!reader.ReadCounted(checkpoint.identity)) return Refuse("it ends within its identity");
  if (checkpoint.identity != identity) {
    return Refuse(
        "it is of another training: data, configuration, seed or trial are not those of this one");
  }
  if (!ReadBody(reader, checkpoint)) return Refuse("it does not have the parts of a checkpoint");
  if (!SameSizes(checkpoint.network, expected) ||
      (checkpoint.kept && !SameSizes(*checkpoint.kept, expected.network))) {
    return Refuse("it is of a network of another size");
  }
  if (checkpoint.epoch < 1 || checkpoint.updates < 0) {
    return Refuse(absl::StrCat("epoch ", checkpoint.epoch, ", update ", checkpoint.updates,
                               " is no place in a training"));
  }
  return checkpoint;
}

}  // namespace caviar::training
