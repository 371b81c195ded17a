#include "worker/network/weights.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "worker/network/byte_stream.h"
#include "worker/network/network.h"

namespace caviar::network {
namespace {

constexpr absl::string_view kMagic = "CAVIARNN";
constexpr uint32_t kVersion = 1;
constexpr size_t kMaxNameBytes = 4096;

// Calls `visit(array, offset, count)` for each array of numbers in the order of the file.
template <typename State, typename Visit>
void ForEachArray(const Layout& layout, State& state, const Visit& visit) {
  for (const LayerLayout& layer : layout.layers) {
    visit(state.parameters, layer.weights, int64_t{layer.units} * layer.inputs);
    if (layer.bias >= 0) visit(state.parameters, layer.bias, layer.units);
    if (layer.gamma < 0) continue;
    visit(state.parameters, layer.gamma, layer.units);
    visit(state.parameters, layer.beta, layer.units);
    visit(state.statistics, layer.running_mean, layer.units);
    visit(state.statistics, layer.running_variance, layer.units);
  }
}

absl::Status Refuse(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("weights file: ", what));
}

absl::Status Truncated(absl::string_view where) {
  return Refuse(absl::StrCat("it ends within its ", where));
}

absl::Status ReadArchitecture(ByteReader& reader, Architecture& architecture) {
  uint32_t inputs, classes, activation, batch_norm, bias_correction, layers;
  if (!reader.Read(inputs) || !reader.Read(classes) || !reader.Read(activation) ||
      !reader.Read(batch_norm) || !reader.Read(bias_correction) ||
      !reader.Read(architecture.batch_norm_momentum) ||
      !reader.Read(architecture.batch_norm_epsilon) || !reader.Read(layers)) {
    return Truncated("architecture");
  }
  if (activation > static_cast<uint32_t>(Activation::kGelu)) {
    return Refuse(absl::StrCat("activation ", activation, " is not known"));
  }
  if (batch_norm > static_cast<uint32_t>(BatchNormPosition::kAfterActivation)) {
    return Refuse(absl::StrCat("batch norm position ", batch_norm, " is not known"));
  }
  if (bias_correction > 1) {
    return Refuse(absl::StrCat("bias correction ", bias_correction, " is neither 0 nor 1"));
  }
  // Written so that NaN is refused.
  if (!(architecture.batch_norm_momentum >= 0 && architecture.batch_norm_momentum < 1)) {
    return Refuse(absl::StrCat("batch norm momentum ", architecture.batch_norm_momentum,
                               " is not in [0, 1)"));
  }
  if (!(architecture.batch_norm_epsilon > 0 && architecture.batch_norm_epsilon <= 1)) {
    return Refuse(
        absl::StrCat("batch norm epsilon ", architecture.batch_norm_epsilon, " is not in (0, 1]"));
  }
  if (layers > reader.remaining() / sizeof(uint32_t)) return Truncated("list of hidden layers");
  const auto clamped = [](uint32_t value) {
    return static_cast<int>(std::min<uint32_t>(value, std::numeric_limits<int>::max()));
  };
  architecture.activation = static_cast<Activation>(activation);
  architecture.batch_norm = static_cast<BatchNormPosition>(batch_norm);
  architecture.bias_correction = bias_correction == 1;
  architecture.inputs = clamped(inputs);
  architecture.classes = clamped(classes);
  for (uint32_t i = 0; i < layers; ++i) {
    uint32_t units = 0;
    reader.Read(units);
    architecture.hidden.push_back(clamped(units));
  }
  const absl::Status status = CheckSize(architecture, 1);
  return status.ok() ? status : Refuse(absl::string_view(status.message()));
}

absl::Status ReadNumbers(ByteReader& reader, Weights& weights) {
  uint64_t updates = 0;
  if (!reader.Read(updates)) return Truncated("count of updates");
  if (updates > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return Refuse(absl::StrCat(updates, " updates are too many"));
  }
  weights.state.updates = static_cast<int64_t>(updates);
  const Layout layout = MakeLayout(weights.architecture);
  uint64_t expected = 0;
  ForEachArray(layout, weights.state,
               [&](auto&, int64_t, int64_t count) { expected += static_cast<uint64_t>(count); });
  if (reader.remaining() != expected * sizeof(float)) {
    return Refuse(absl::StrCat("its architecture has ", expected, " numbers (",
                               expected * sizeof(float), " bytes), but ", reader.remaining(),
                               " bytes are there"));
  }
  weights.state.parameters.assign(static_cast<size_t>(layout.parameters), 0.0f);
  weights.state.statistics.assign(static_cast<size_t>(layout.statistics), 0.0f);
  ForEachArray(layout, weights.state,
               [&](std::vector<float>& array, int64_t offset, int64_t count) {
                 reader.ReadFloats(array.data() + offset, static_cast<size_t>(count));
               });
  return absl::OkStatus();
}

}  // namespace

std::string SerializeWeights(const Weights& weights) {
  const Architecture& architecture = weights.architecture;
  ByteWriter out;
  out.Reserve((weights.state.parameters.size() + weights.state.statistics.size() +
               weights.mean.size() + weights.inverse_deviation.size() + 64) *
              sizeof(float));
  out.WriteBytes(kMagic);
  out.Write(kVersion);
  out.Write(static_cast<uint32_t>(architecture.inputs));
  out.Write(static_cast<uint32_t>(architecture.classes));
  out.Write(static_cast<uint32_t>(architecture.activation));
  out.Write(static_cast<uint32_t>(architecture.batch_norm));
  out.Write(uint32_t{architecture.bias_correction});
  out.Write(architecture.batch_norm_momentum);
  out.Write(architecture.batch_norm_epsilon);
  out.Write(static_cast<uint32_t>(architecture.hidden.size()));
  for (const int units : architecture.hidden) out.Write(static_cast<uint32_t>(units));
  out.WriteFloats(weights.mean.data(), architecture.inputs);
  out.WriteFloats(weights.inverse_deviation.data(), architecture.inputs);
  for (const std::string& name : weights.class_names) {
    out.WriteCounted(absl::string_view(name).substr(0, kMaxNameBytes));
  }
  out.Write(static_cast<uint64_t>(weights.state.updates));
  ForEachArray(MakeLayout(architecture), weights.state,
               [&](const std::vector<float>& array, int64_t offset, int64_t count) {
                 out.WriteFloats(array.data() + offset, count);
               });
  return out.TakeWithChecksum();
}

absl::StatusOr<Weights> ParseWeights(absl::string_view bytes) {
  if (bytes.substr(0, kMagic.size()) != kMagic) {
    return Refuse("it does not start with \"CAVIARNN\"");
  }
  uint32_t version = 0;
  ByteReader reader(bytes.substr(kMagic.size()));
  if (!reader.Read(version)) return Truncated("version");
  if (version != kVersion) {
    return Refuse(absl::StrCat("its version is ", version, ", this build reads ", kVersion));
  }
  uint32_t crc = 0;
  if (reader.remaining() < sizeof(crc)) return Truncated("checksum");
  const absl::string_view body = bytes.substr(0, bytes.size() - sizeof(crc));
  std::memcpy(&crc, bytes.data() + body.size(), sizeof(crc));
  if (crc != Crc32(body)) {
    return Refuse(absl::StrCat("its checksum is wrong: the file of ", bytes.size(),
                               " bytes is truncated or damaged"));
  }
  reader = ByteReader(body.substr(kMagic.size() + sizeof(version)));

  Weights weights;
  if (absl::Status status = ReadArchitecture(reader, weights.architecture); !status.ok()) {
    return status;
  }
  const size_t inputs = static_cast<size_t>(weights.architecture.inputs);
  if (reader.remaining() / sizeof(float) / 2 < inputs) return Truncated("standardization");
  weights.mean.resize(inputs);
  weights.inverse_deviation.resize(inputs);
  reader.ReadFloats(weights.mean.data(), inputs);
  reader.ReadFloats(weights.inverse_deviation.data(), inputs);
  for (int i = 0; i < weights.architecture.classes; ++i) {
    uint32_t length = 0;
    if (!reader.Read(length)) return Truncated("class names");
    if (length > kMaxNameBytes) {
      return Refuse(absl::StrCat("a class name of ", length, " bytes is longer than 4,096"));
    }
    if (!reader.ReadBytes(length, weights.class_names.emplace_back())) {
      return Truncated("class names");
    }
  }
  if (absl::Status status = ReadNumbers(reader, weights); !status.ok()) return status;
  return weights;
}

}  // namespace caviar::network
