#include "models/torchscript_encoder.h"

#include <fmt/format.h>
#include <torch/script.h>

#include <sstream>

#include "core/error.h"
#include "core/text.h"

namespace actrec {
namespace {

constexpr std::size_t kLongestReason = 300;

// A place of the script that holds a tensor.
struct Slot {
  torch::jit::Module owner;
  std::string name;
};

// A tensor of the script: a parameter, a buffer or another attribute. Tied weights are one tensor with
// several slots.
struct ScriptTensor {
  std::string path;  // such as layer1.0.conv.weight
  torch::Tensor value;
  bool is_parameter;
  std::vector<Slot> slots;
};

std::vector<ScriptTensor> tensors_of(const torch::jit::Module& script) {
  std::vector<ScriptTensor> tensors;
  for (const auto& module : script.named_modules()) {
    const auto add = [&](const auto& attributes, bool is_parameter) {
      for (const auto& attribute : attributes) {
        if (!attribute.value.defined()) continue;
        const auto tied = std::find_if(tensors.begin(), tensors.end(), [&](const ScriptTensor& known) {
          return known.value.is_alias_of(attribute.value) && known.value.sizes() == attribute.value.sizes() &&
                 known.value.strides() == attribute.value.strides() &&
                 known.value.storage_offset() == attribute.value.storage_offset();
        });
        if (tied != tensors.end()) {
          tied->slots.push_back({module.value, attribute.name});
        } else {
          const std::string path = module.name.empty() ? attribute.name : module.name + "." + attribute.name;
          tensors.push_back({path,
                             attribute.value,
                             is_parameter && attribute.value.is_floating_point(),
                             {{module.value, attribute.name}}});
        }
      }
    };
    add(module.value.named_parameters(false), true);
    add(module.value.named_buffers(false), false);
  }
  return tensors;
}

void put(const ScriptTensor& tensor, const torch::Tensor& value) {
  for (Slot slot : tensor.slots) slot.owner.setattr(slot.name, value);
}

// The script without the numbers in its tensors: each becomes a single zero, repeated by its strides. The
// shapes stay, and the file is small.
torch::Tensor code_of(const torch::jit::Module& script, const std::vector<ScriptTensor>& tensors) {
  for (const ScriptTensor& tensor : tensors) {
    put(tensor, torch::zeros({}, tensor.value.scalar_type()).expand(tensor.value.sizes()));
  }
  std::ostringstream stream;
  script.save(stream);
  for (const ScriptTensor& tensor : tensors) put(tensor, tensor.value);
  const std::string bytes = stream.str();
  torch::Tensor code = torch::empty({static_cast<std::int64_t>(bytes.size())}, torch::kUInt8);
  std::copy(bytes.begin(), bytes.end(), code.data_ptr<std::uint8_t>());
  return code;
}

// The last line of LibTorch's message: before it come the places in the script.
std::string reason_of(const std::exception& error) {
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
  const std::string text = torch_error != nullptr ? torch_error->what_without_backtrace() : error.what();
  std::string reason;
  for (const std::string& line : split(text, '\n')) {
    if (!trim(line).empty()) reason = trim(line);
  }
  return shorten(reason, kLongestReason);
}

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& reason) {
  throw CheckpointError(fmt::format("{} cannot be used as an encoder: {}", path.string(), reason),
                        kTorchScriptHint);
}

torch::jit::Module load_script(const NamedTensors& tensors, const std::filesystem::path& path) {
  const auto code = tensors.find(kTorchScriptTensor);
  if (code == tensors.end() || code->second.scalar_type() != torch::kUInt8 || code->second.dim() != 1) {
    fail(path, "it holds no TorchScript module");
  }
  try {
    const auto* bytes = static_cast<const char*>(code->second.data_ptr());
    std::istringstream stream(std::string(bytes, static_cast<std::size_t>(code->second.numel())));
    return torch::jit::load(stream, torch::kCPU);
  } catch (const std::exception& error) {
    fail(path, fmt::format("LibTorch cannot read it as TorchScript: {}", reason_of(error)));
  }
}

// Memory for the tensors of a checkpoint. Their shapes come from its code, which a few bytes make any size.
void allocate(std::vector<ScriptTensor>& script_tensors, const NamedTensors& given,
              const std::filesystem::path& path) {
  std::int64_t left = 0;
  for (const auto& [name, tensor] : given) left += tensor.numel();
  for (ScriptTensor& tensor : script_tensors) {
    const std::int64_t elements = tensor.value.numel();
    if (elements < 0 || elements > left) fail(path, "its code describes more numbers than it holds");
    left -= elements;
    tensor.value = torch::empty(tensor.value.sizes(), tensor.value.scalar_type());
    put(tensor, tensor.value);
  }
}

bool can_be_saved(torch::ScalarType type) {
  switch (type) {
    case torch::kFloat32:
    case torch::kFloat64:
    case torch::kFloat16:
    case torch::kBFloat16:
    case torch::kInt64:
    case torch::kInt32:
    case torch::kInt16:
    case torch::kInt8:
    case torch::kUInt8:
    case torch::kBool:
      return true;
    default:
      return false;
  }
}

// Passes training and evaluation mode on to the script.
class ScriptPart : public torch::nn::Module {
 public:
  ScriptPart(torch::jit::Module script, bool train_batch_norm)
      : script_(std::move(script)), train_batch_norm_(train_batch_norm) {}

  void train(bool on = true) override {
    Module::train(on);
    script_.train(on);
    if (train_batch_norm_) return;
    for (torch::jit::Module module : script_.modules()) {
      const auto name = module.type()->name();
      if (name && name->name().find("BatchNorm") != std::string::npos && module.hasattr("training")) {
        module.setattr("training", false);
      }
    }
  }

 private:
  torch::jit::Module script_;
  bool train_batch_norm_;
};

// Gives the script's tensor a place below `root`, a module for each part of its path.
void register_tensor(std::shared_ptr<torch::nn::Module> root, const ScriptTensor& tensor,
                     const std::filesystem::path& path) {
  if (!can_be_saved(tensor.value.scalar_type()) || tensor.value.layout() != torch::kStrided) {
    fail(path, fmt::format("its tensor {} is {}, which a checkpoint cannot hold", tensor.path,
                           c10::toString(tensor.value.scalar_type())));
  }
  std::vector<std::string> parts = split(tensor.path, '.');
  const std::string name = parts.back();
  parts.pop_back();
  for (const std::string& part : parts) {
    const auto children = root->named_children();
    const auto* child = children.find(part);
    root = child != nullptr ? *child : root->register_module(part, std::make_shared<torch::nn::Module>());
  }
  tensor.is_parameter ? root->register_parameter(name, tensor.value)
                      : root->register_buffer(name, tensor.value);
}

}  // namespace

TorchScriptEncoder::TorchScriptEncoder(const NamedTensors& tensors, ScriptContent content, FrameSize size,
                                       bool train_batch_norm, const std::filesystem::path& path)
    : script_(load_script(tensors, path)),
      part_(register_module("module", std::make_shared<ScriptPart>(script_, train_batch_norm))) {
  std::vector<ScriptTensor> script_tensors = tensors_of(script_);
  if (content == ScriptContent::code) allocate(script_tensors, tensors, path);
  for (const ScriptTensor& tensor : script_tensors) register_tensor(part_, tensor, path);
  register_buffer(kTorchScriptTensor, content == ScriptContent::code ? tensors.at(kTorchScriptTensor)
                                                                     : code_of(script_, script_tensors));
  if (content == ScriptContent::code) load_state(*this, tensors, path, StateMatch::exact);
  try_out(size, path);
  train();
}

void TorchScriptEncoder::try_out(FrameSize size, const std::filesystem::path& path) {
  constexpr std::int64_t kFrames = 2;
  torch::NoGradGuard no_grad;
  train(false);  // statistics of batch normalisation stay as they are
  const torch::Tensor frames = torch::zeros({kFrames, 3, size.height, size.width});
  const auto run = [&](const torch::Tensor& input) { return script_.forward({input}); };
  try {
    const torch::jit::IValue output = run(frames);
    const std::string expected = fmt::format(
        "float32 [{0}, D] or [{0}, D, h, w] for frames [{0}, 3, {1}, {2}]", kFrames, size.height, size.width);
    if (!output.isTensor()) {
      fail(path, fmt::format("it gives {}, but must give {}", output.tagKind(), expected));
    }
    const torch::Tensor features = output.toTensor();
    if (features.scalar_type() != torch::kFloat32 || (features.dim() != 2 && features.dim() != 4) ||
        features.size(0) != kFrames || features.numel() == 0) {
      fail(path, fmt::format("it gives {} [{}], but must give {}", c10::toString(features.scalar_type()),
                             fmt::join(features.sizes().vec(), ", "), expected));
    }
    dim_ = features.size(1);
  } catch (const CheckpointError&) {
    throw;
  } catch (const std::exception& error) {
    fail(path, fmt::format("it fails on frames float32 [{}, 3, {}, {}]: {}", kFrames, size.height, size.width,
                           reason_of(error)));
  }
  try {
    run(frames.contiguous(torch::MemoryFormat::ChannelsLast));
  } catch (const std::exception&) {
    contiguous_ = true;
  }
}

torch::Tensor TorchScriptEncoder::forward(torch::Tensor frames) {
  const torch::Tensor features = script_.forward({contiguous_ ? frames.contiguous() : frames}).toTensor();
  return features.dim() == 4 ? features.mean({2, 3}) : features;
}

}  // namespace actrec
