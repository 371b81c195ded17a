#include "worker/network/onnx_model.h"

#include <bit>
#include <cmath>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "onnx.pb.h"
#include "worker/network/folding.h"

namespace caviar::network {
namespace {

static_assert(std::endian::native == std::endian::little, "raw_data is little-endian");

// The oldest version of the format that has opset 13.
constexpr int64_t kIrVersion = 7;
constexpr int64_t kOpset = 13;

void SetShape(onnx::ValueInfoProto& value, const char* name, int columns) {
  value.set_name(name);
  onnx::TypeProto::Tensor& tensor = *value.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(onnx::TensorProto::FLOAT);
  tensor.mutable_shape()->add_dim()->set_dim_param("batch");
  tensor.mutable_shape()->add_dim()->set_dim_value(columns);
}

// Appends nodes, each reading what the one before wrote.
class Chain {
 public:
  Chain(onnx::GraphProto& graph, std::string input) : graph_(graph), end_(std::move(input)) {}

  // The name of what the last node wrote.
  const std::string& end() const { return end_; }

  // A node that reads end() and `operands`, and writes `output`.
  onnx::NodeProto& Add(const char* type, const std::string& output,
                       const std::vector<std::string>& operands = {}) {
    onnx::NodeProto& node = *graph_.add_node();
    node.set_op_type(type);
    node.set_name(output);
    node.add_input(end_);
    for (const std::string& operand : operands) node.add_input(operand);
    node.add_output(output);
    end_ = output;
    return node;
  }

  // A constant tensor; a scalar where `dimensions` is empty. Returns its name.
  std::string Constant(const std::string& name, const std::vector<int64_t>& dimensions,
                       const std::vector<float>& values) {
    onnx::TensorProto& tensor = *graph_.add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    for (const int64_t dimension : dimensions) tensor.add_dims(dimension);
    tensor.set_raw_data(values.data(), values.size() * sizeof(float));
    return name;
  }

 private:
  onnx::GraphProto& graph_;
  std::string end_;
};

void SetInteger(onnx::NodeProto& node, const char* name, int64_t value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
}

void SetAlpha(onnx::NodeProto& node, double alpha) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name("alpha");
  attribute.set_type(onnx::AttributeProto::FLOAT);
  attribute.set_f(static_cast<float>(alpha));
}

// x * (1 + erf(x / sqrt(2))) / 2. ONNX has an operator for it from opset 20 on only.
void AddGelu(const std::string& name, Chain& chain) {
  const std::string x = chain.end();
  chain.Add("Mul", name + ".scaled",
            {chain.Constant(name + ".sqrt_half", {}, {static_cast<float>(std::sqrt(0.5))})});
  chain.Add("Erf", name + ".erf");
  chain.Add("Add", name + ".erf_plus_one", {chain.Constant(name + ".one", {}, {1.0f})});
  chain.Add("Mul", name + ".doubled", {x});
  chain.Add("Mul", name, {chain.Constant(name + ".half", {}, {0.5f})});
}

void AddActivation(Activation activation, const std::string& name, Chain& chain) {
  switch (activation) {
    case Activation::kRelu:
      chain.Add("Relu", name);
      return;
    case Activation::kLeakyRelu:
      SetAlpha(chain.Add("LeakyRelu", name), kLeakyReluSlope);
      return;
    case Activation::kTanh:
      chain.Add("Tanh", name);
      return;
    case Activation::kSigmoid:
      chain.Add("Sigmoid", name);
      return;
    case Activation::kElu:
      SetAlpha(chain.Add("Elu", name), 1);
      return;
    case Activation::kGelu:
      AddGelu(name, chain);
      return;
  }
}

absl::Status AddLayers(const Weights& weights, Chain& chain) {
  const Folding folding(weights);
  if (!folding.center().empty()) {
    chain.Add("Sub", "inputs.centered",
              {chain.Constant("inputs.mean", {weights.architecture.inputs}, folding.center())});
  }
  for (size_t i = 0; i < folding.layers(); ++i) {
    const auto layer = folding.Fold(i);
    if (!layer.ok()) return layer.status();
    const bool hidden = i + 1 < folding.layers();
    const std::string name = hidden ? absl::StrCat("hidden", i + 1) : "logits";
    // Transposed, as PyTorch writes it: OpenCV 4.6 reads no other form of Gemm rightly.
    SetInteger(
        chain.Add("Gemm", hidden ? name + ".dense" : name,
                  {chain.Constant(name + ".weights", {layer->units, layer->inputs}, layer->weights),
                   chain.Constant(name + ".bias", {layer->units}, layer->bias)}),
        "transB", 1);
    if (hidden) AddActivation(weights.architecture.activation, name, chain);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ToOnnx(const Weights& weights, const OnnxMetadata& metadata,
                                   size_t max_bytes) {
  onnx::ModelProto model;
  model.set_ir_version(kIrVersion);
  model.set_producer_name("caviar");
  model.set_producer_version(CAVIAR_VERSION);
  model.add_opset_import()->set_version(kOpset);
  for (const auto& [key, value] : metadata) {
    onnx::StringStringEntryProto& entry = *model.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  onnx::GraphProto& graph = *model.mutable_graph();
  graph.set_name("network");
  graph.set_doc_string("Raw values in, as they stand in the data files; class probabilities out.");
  SetShape(*graph.add_input(), kOnnxInput, weights.architecture.inputs);
  SetShape(*graph.add_output(), kOnnxOutput, weights.architecture.classes);
  Chain chain(graph, kOnnxInput);
  if (absl::Status status = AddLayers(weights, chain); !status.ok()) return status;
  SetInteger(chain.Add("Softmax", kOnnxOutput), "axis", 1);
  const size_t bytes = model.ByteSizeLong();
  std::string out;
  if (bytes > max_bytes || !model.SerializeToString(&out)) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the network as ONNX would have ", bytes, " bytes, at most ", max_bytes, " can be stored"));
  }
  return out;
}

}  // namespace caviar::network
