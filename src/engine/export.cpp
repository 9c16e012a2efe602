#include "engine/export.h"

#include <fmt/format.h>
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/script.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "config/config_file.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "models/torchscript_encoder.h"

namespace actrec {
namespace {

namespace jit = torch::jit;
using CompilationUnit = std::shared_ptr<jit::CompilationUnit>;

constexpr double kLargestDifference = 1e-4;
// Features rounded to float16 may fall to either side.
constexpr double kLargestRoundedDifference = 1e-2;

// The module tree with the parameters and buffers (the same tensors) of `module`, without methods; those have
// only encoders that are TorchScript already.
jit::Module mirror(const torch::nn::Module& module, const CompilationUnit& unit) {
  jit::Module result(c10::QualifiedName("__torch__.actrec.Part"), unit, /*shouldMangle=*/true);
  if (const auto* encoder = dynamic_cast<const TorchScriptEncoder*>(&module)) {
    result.register_module("module", encoder->script());
    return result;
  }
  for (const auto& parameter : module.named_parameters(/*recurse=*/false)) {
    result.register_parameter(parameter.key(), parameter.value(), /*is_buffer=*/false);
  }
  for (const auto& buffer : module.named_buffers(/*recurse=*/false)) {
    result.register_buffer(buffer.key(), buffer.value());
  }
  for (const auto& child : module.named_children()) {
    result.register_module(child.key(), mirror(*child.value(), unit));
  }
  return result;
}

// Gives `target`, which mirrors the encoder, the encoder's computation as its method `forward`.
std::shared_ptr<jit::Graph> trace_encoder(Encoder& encoder, FrameSize size, jit::Module target) {
  const torch::Tensor frames = torch::randn({2, 3, size.height, size.width});
  const auto forward = [&](jit::Stack inputs) {
    return jit::Stack{encoder.forward(inputs.at(0).toTensor())};
  };
  const auto no_names = [](const torch::Tensor&) { return std::string(); };
  const auto traced = jit::tracer::trace({frames}, forward, no_names, /*strict=*/true,
                                         /*force_outplace=*/false, &target, {"frames"});
  std::shared_ptr<jit::Graph> graph = traced.first->graph;
  target.type()->addMethod(target._ivalue()->compilation_unit()->create_function(
      c10::QualifiedName(*target.type()->name(), "forward"), graph));
  return graph;
}

// Height and width of the feature map that a traced encoder averages to its grid; null where it has none.
nlohmann::ordered_json averaged_map(const jit::Graph& graph) {
  for (const jit::Node* node : graph.nodes()) {
    if (node->kind() != c10::aten::adaptive_avg_pool2d) continue;
    const auto sizes = node->input(0)->type()->expect<c10::TensorType>()->sizes().concrete_sizes();
    if (sizes) return {sizes->at(2), sizes->at(3)};
  }
  return nullptr;
}

// Source compiled from C++ names a dtype by its number.
constexpr int kFloat16 = static_cast<int>(torch::kFloat16);

std::string recurrent_source(const TemporalSettings& settings, const char* operation) {
  std::string weights;
  for (int layer = 0; layer < settings.layers; ++layer) {
    for (const char* direction : {"", "_reverse"}) {
      if (*direction != '\0' && !settings.bidirectional) continue;
      for (const char* part : {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}) {
        weights += fmt::format("self.temporal.rnn.{}_l{}{}, ", part, layer, direction);
      }
    }
  }
  const char* state = settings.type == TemporalType::lstm ? "[zeros, zeros]" : "zeros";
  return fmt::format(R"(
  zeros = features.new_zeros([{states}, batch, {hidden}])
  outputs = torch.{operation}(features, {state}, [{weights}], True, {layers}, 0.0, False, {bidirectional}, True)[0]
)",
                     fmt::arg("states", settings.layers * (settings.bidirectional ? 2 : 1)),
                     fmt::arg("hidden", settings.hidden), fmt::arg("operation", operation),
                     fmt::arg("state", state), fmt::arg("weights", weights),
                     fmt::arg("layers", settings.layers),
                     fmt::arg("bidirectional", settings.bidirectional ? "True" : "False"));
}

std::string pooling_source(const TemporalSettings& settings) {
  switch (settings.pool) {
    case TemporalPool::last:
      if (!settings.bidirectional) return "  summary = outputs[:, -1]\n";
      return R"(
  halves = outputs.chunk(2, -1)
  summary = torch.cat([halves[0][:, -1], halves[1][:, 0]], -1)
)";
    case TemporalPool::mean:
      return "  summary = outputs.mean([1])\n";
    case TemporalPool::max:
      return "  summary = outputs.amax([1])\n";
    case TemporalPool::attention:
      return R"(
  pool = self.temporal.pool
  hidden = torch.tanh(torch.linear(outputs, pool.projection.weight, pool.projection.bias))
  weights = torch.softmax(torch.linear(hidden, pool.score.weight), 1)
  summary = (weights * outputs).sum([1])
)";
  }
  throw std::logic_error("unknown temporal pooling");
}

std::string temporal_source(const TemporalSettings& settings) {
  switch (settings.type) {
    case TemporalType::lstm:
      return recurrent_source(settings, "lstm") + pooling_source(settings);
    case TemporalType::gru:
      return recurrent_source(settings, "gru") + pooling_source(settings);
    case TemporalType::mean:
      return "  summary = features.mean([1])\n";
  }
  throw std::logic_error("unknown temporal type");
}

// What TorchScriptEncoder::forward does; a feature vector is a feature map of one pixel.
std::string script_source(std::int64_t dim) {
  return fmt::format(R"(
  features = self.encoder.module.forward(frames.contiguous())
  features = features.reshape([batch * length, {}, -1]).mean([2])
)",
                     dim);
}

std::string input_source(const TemporalSettings& settings) {
  std::string source;
  if (settings.standardize) source += "  features = (features - self.input.mean) / self.input.deviation\n";
  if (settings.differences) {
    source += R"(
  before = torch.cat([features[:, :1], features[:, :-1]], 1)
  features = torch.cat([features, features - before], 2)
)";
  }
  if (settings.projection > 0) {
    source += fmt::format(R"(
  projected = torch.linear(features, self.input.projection.weight, self.input.projection.bias)
  features = torch.relu(torch.layer_norm(projected, [{}], self.input.norm.weight, self.input.norm.bias))
)",
                          settings.projection);
  }
  return source;
}

// What Recogniser::forward does, around the encoder.
std::string forward_source(const Settings& settings, std::int64_t dim) {
  const FrameSize size = settings.clip.size;
  // Expanding to the size that is there changes nothing, and refuses frames of another.
  std::string source = fmt::format(R"(
def forward(self, clips: Tensor) -> Tensor:
  batch = clips.size(0)
  length = clips.size(1)
  pixels = clips.expand([-1, -1, {}, {}, 3]).flatten(0, 1).type_as(self.pixel_scale)
  frames = torch.addcmul(self.pixel_shift, pixels, self.pixel_scale).permute([0, 3, 1, 2])
)",
                                   size.height, size.width);
  source += settings.model.encoder.type == EncoderType::torchscript
                ? script_source(dim)
                : "  features = self.encoder.forward(frames)\n";
  if (settings.model.encoder.trainable.is_none()) {
    source += fmt::format("  features = features.to({}).type_as(self.pixel_scale)\n", kFloat16);
  }
  source += fmt::format("  features = features.view([batch, length, {}])\n", dim);
  source += input_source(settings.model.temporal);
  source += temporal_source(settings.model.temporal);
  return source + "  return torch.linear(summary, self.classifier.weight, self.classifier.bias)\n";
}

torch::Tensor channels(const std::array<double, 3>& values) {
  return torch::tensor({values[0], values[1], values[2]}, torch::kFloat64);
}

struct Export {
  jit::Module module;
  std::string description;
};

Export make_export(const Checkpoint& checkpoint) {
  const CheckpointInfo& info = checkpoint.info;
  jit::Module module = mirror(*checkpoint.model, std::make_shared<jit::CompilationUnit>());
  const torch::Tensor mean = channels(info.statistics.mean), deviation = channels(info.statistics.std);
  module.register_buffer("pixel_scale", (1 / (255 * deviation)).to(torch::kFloat32));
  module.register_buffer("pixel_shift", (-mean / deviation).to(torch::kFloat32));
  Encoder& encoder = checkpoint.model->encoder();
  nlohmann::ordered_json feature_map;
  if (info.settings.model.encoder.type != EncoderType::torchscript) {
    feature_map =
        averaged_map(*trace_encoder(encoder, info.settings.clip.size, module.attr("encoder").toModule()));
  }
  module.define(forward_source(info.settings, encoder.dim()));
  module.eval();
  const nlohmann::ordered_json description = {
      {"format", "actrec export"},
      {"version", info.version},
      {"classes", info.classes},
      {"normalization", {{"mean", info.statistics.mean}, {"std", info.statistics.std}}},
      {"clip", settings_to_json(info.settings).at("clip")},
      {"temperature", info.temperature},
      {"feature_map", feature_map}};
  return {module, description.dump(2)};
}

// Batches of other sizes and lengths than anything that was traced.
void verify(jit::Module module, const Checkpoint& checkpoint) {
  const Settings& settings = checkpoint.info.settings;
  const FrameSize size = settings.clip.size;
  const double allowed =
      settings.model.encoder.trainable.is_none() ? kLargestRoundedDifference : kLargestDifference;
  for (const auto& [batch, length] : {std::pair{1, 1}, {3, settings.clip.frames}, {2, 5}}) {
    const torch::Tensor clips =
        torch::randint(0, 256, {batch, length, size.height, size.width, 3}, torch::kUInt8);
    const torch::Tensor expected = checkpoint.model->forward(clips);
    const torch::Tensor found = module.forward({clips}).toTensor();
    const double difference =
        found.sizes() == expected.sizes() ? (found - expected).abs().max().item<double>() : INFINITY;
    // Written so that a difference that is no number fails as well.
    if (!(difference <= allowed * std::max(1.0, expected.abs().max().item<double>()))) {
      throw Error(
          fmt::format("the exported model differs from the checkpoint by {:.2g} in the logits", difference),
          "this is a fault in actrec; please report it");
    }
  }
}

}  // namespace

void export_torchscript(const Checkpoint& checkpoint, const std::filesystem::path& path) {
  const torch::NoGradGuard no_grad;
  const Export made = make_export(checkpoint);
  std::ostringstream out;
  made.module.save(out, {{kExportDescription, made.description}});
  const std::string bytes = out.str();
  std::istringstream in(bytes);
  verify(jit::load(in), checkpoint);
  write_file_atomically(path, bytes);
}

}  // namespace actrec
