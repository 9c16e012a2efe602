#include "models/encoder_weights.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/config_file.h"
#include "core/error.h"
#include "core/text.h"
#include "models/checkpoint_format.h"
#include "models/pytorch_file.h"
#include "models/safetensors.h"
#include "models/torchscript_encoder.h"

namespace actrec {
namespace {

// Names of the layers behind the features: of torchvision's networks, EfficientNet-Lite's, and transformers.
constexpr const char* kClassifiers[] = {"fc.", "classifier.", "_fc.", "head."};

std::string name_of(EncoderType type) {
  return Names<EncoderType>::kSpellings[static_cast<std::size_t>(type)];
}

void drop_classifier(NamedTensors& tensors) {
  for (auto entry = tensors.begin(); entry != tensors.end();) {
    const bool classifies =
        std::any_of(std::begin(kClassifiers), std::end(kClassifiers),
                    [&](const char* prefix) { return entry->first.rfind(prefix, 0) == 0; });
    entry = classifies ? tensors.erase(entry) : std::next(entry);
  }
}

void read_checkpoint(const TensorFile& file, EncoderWeights& weights) {
  weights.description = "checkpoint of actrec";
  try {
    const Settings settings =
        settings_from_json(metadata_document(file.metadata, "config"), weights.path.string());
    const auto statistics = metadata_document(file.metadata, "normalization");
    weights.statistics = pixel_statistics(statistics.at("mean"), statistics.at("std"));
    weights.source = {settings.model, settings.clip.size, without_prefix(file.tensors, "input."),
                      without_prefix(file.tensors, "temporal.")};
  } catch (const ConfigError& error) {
    throw CheckpointError(error.what(), "it was written by another version of actrec");
  } catch (const std::exception&) {
    throw CheckpointError(fmt::format("{} has damaged or missing metadata", weights.path.string()),
                          "it was not written completely, or changed by another program");
  }
  weights.tensors = without_prefix(file.tensors, "encoder.");
}

void read_foreign_metadata(const TensorFile& file, EncoderWeights& weights) {
  const auto& metadata = file.metadata;
  const auto architecture = metadata.find("architecture");
  if (architecture != metadata.end()) weights.architecture = architecture->second;
  if (metadata.count("mean") + metadata.count("std") == 0) return;
  try {
    weights.statistics =
        pixel_statistics(metadata_document(metadata, "mean"), metadata_document(metadata, "std"));
  } catch (const std::exception&) {
    throw CheckpointError(fmt::format(
        "{}: mean and std in its metadata are not three numbers each, such as [0.5,0.5,0.5], with "
        "positive deviations",
        weights.path.string()));
  }
}

// Other files than safetensors get an error that does not speak of safetensors alone.
TensorFile read_tensor_file(const std::filesystem::path& path) {
  try {
    return read_safetensors(path);
  } catch (const CheckpointError&) {
    if (path.extension() == ".safetensors") throw;
    throw CheckpointError(
        fmt::format("{} is neither a safetensors file nor a PyTorch file that actrec can read",
                    path.string()),
        fmt::format("if Python's torch reads it, `scripts/convert_weights.py {} OUT.safetensors` converts it",
                    path.string()));
  }
}

torch::Tensor read_as_tensor(const std::filesystem::path& path) {
  const std::string bytes = read_file(path);
  torch::Tensor tensor = torch::empty({static_cast<std::int64_t>(bytes.size())}, torch::kUInt8);
  std::copy(bytes.begin(), bytes.end(), tensor.data_ptr<std::uint8_t>());
  return tensor;
}

std::string architecture_text(const EncoderSettings& settings, FrameSize size) {
  std::string text = name_of(settings.type);
  switch (settings.type) {
    case EncoderType::torchscript:
      return text;
    case EncoderType::dense:
      return text + fmt::format(" with units {} for {}x{} pixels", settings.units, size.height, size.width);
    case EncoderType::small_cnn:
      text += fmt::format(" with channels [{}]", fmt::join(settings.channels, ", "));
      break;
    default:
      break;
  }
  if (settings.stages > 0) text += fmt::format(", {} stages", settings.stages);
  return text + fmt::format(", grid {}", feature_grid(settings));
}

void require_same_encoder(const EncoderSettings& settings, FrameSize size, const EncoderWeights& weights) {
  if (weights.source) {
    const std::string held = architecture_text(weights.source->model.encoder, weights.source->size);
    const std::string wanted = architecture_text(settings, size);
    if (held != wanted) {
      throw CheckpointError(fmt::format("{} holds the encoder {}, but the settings ask for {}",
                                        weights.path.string(), held, wanted),
                            "set model.encoder as in the checkpoint, which `actrec inspect` shows");
    }
  }
  const std::string wanted = name_of(settings.type);
  if (!weights.architecture.empty() && weights.architecture != wanted) {
    throw CheckpointError(fmt::format("{} holds weights of {}, but model.encoder.type is {}",
                                      weights.path.string(), shorten(weights.architecture), wanted));
  }
  const bool has_script = weights.tensors.count(kTorchScriptTensor) > 0;
  if (has_script != (settings.type == EncoderType::torchscript)) {
    throw CheckpointError(
        has_script
            ? fmt::format("{} is a TorchScript module, not weights of {}", weights.path.string(), wanted)
            : fmt::format("{} holds no TorchScript module", weights.path.string()),
        has_script ? "set model.encoder.type=torchscript to use it as the encoder" : kTorchScriptHint);
  }
}

// What decides on the weights of the input and the head: dropout has none.
std::string head_text(const TemporalSettings& settings) {
  std::string text = Names<TemporalType>::kSpellings[static_cast<std::size_t>(settings.type)];
  if (settings.type != TemporalType::mean) {
    text = fmt::format("{}{} with {} x {} units, pool {}", settings.bidirectional ? "bidirectional " : "",
                       text, settings.layers, settings.hidden,
                       Names<TemporalPool>::kSpellings[static_cast<std::size_t>(settings.pool)]);
  }
  if (settings.standardize) text += ", standardize";
  if (settings.differences) text += ", differences";
  if (settings.projection > 0) text += fmt::format(", projection {}", settings.projection);
  return text;
}

}  // namespace

EncoderWeights read_encoder_weights(const std::filesystem::path& path) {
  EncoderWeights weights;
  weights.path = path;
  switch (pytorch_file_kind(path)) {
    case PytorchFileKind::torch_script:
      weights.tensors[kTorchScriptTensor] = read_as_tensor(path);
      weights.description = "TorchScript module";
      return weights;
    case PytorchFileKind::state_dict:
      weights.tensors = read_pytorch_state(path);
      weights.description = "PyTorch state dict";
      break;
    case PytorchFileKind::none: {
      TensorFile file = read_tensor_file(path);
      if (is_checkpoint(file.metadata)) {
        read_checkpoint(file, weights);
        return weights;
      }
      read_foreign_metadata(file, weights);
      weights.tensors = std::move(file.tensors);
      weights.description = "safetensors";
      break;
    }
  }
  drop_classifier(weights.tensors);
  if (weights.tensors.empty())
    throw CheckpointError(fmt::format("{} has no tensors of an encoder", path.string()));
  return weights;
}

namespace {

// Of weights of the whole network.
void load_first_stages(Encoder& encoder, EncoderSettings settings, FrameSize size,
                       const EncoderWeights& weights, const std::string& hint) {
  settings.stages = 0;
  const std::shared_ptr<Encoder> whole = make_encoder(settings, size);
  load_state(*whole, weights.tensors, weights.path, StateMatch::weights, hint);
  NamedTensors first;
  const auto all = state_of(*whole);
  for (const auto& tensor : state_of(encoder)) first.emplace(tensor.key(), all[tensor.key()]);
  load_state(encoder, first, weights.path, StateMatch::exact);
}

}  // namespace

std::string load_encoder_weights(Encoder& encoder, const EncoderSettings& settings, FrameSize size,
                                 const EncoderWeights& weights) {
  require_same_encoder(settings, size, weights);
  const std::string name = name_of(settings.type);
  if (settings.type == EncoderType::torchscript) {
    return fmt::format("encoder: {} from {} ({})", name, weights.path.string(), weights.description);
  }
  const std::string hint = fmt::format(
      "model.encoder.type is {}: the file must hold its feature layers, and nothing else but a "
      "classifier",
      name);
  if (settings.stages == 0 || weights.source) {
    load_state(encoder, weights.tensors, weights.path, StateMatch::weights, hint);
  } else {
    load_first_stages(encoder, settings, size, weights, hint);
  }
  return fmt::format("encoder: {} tensors of {} from {} ({})", weights.tensors.size(), name,
                     weights.path.string(), weights.description);
}

std::string load_temporal_weights(FeatureInput& input, TemporalHead& head, const TemporalSettings& settings,
                                  const EncoderWeights& weights) {
  if (!weights.source || state_of(input).size() + state_of(head).size() == 0) return "";
  const std::string held = head_text(weights.source->model.temporal), wanted = head_text(settings);
  if (held != wanted) {
    return fmt::format("temporal head: starts from random weights; {} has another one ({}, not {})",
                       weights.path.string(), held, wanted);
  }
  load_state(input, weights.source->input, weights.path, StateMatch::weights);
  load_state(head, weights.source->temporal, weights.path, StateMatch::weights);
  return fmt::format("temporal head: {} tensors of {} from {}",
                     weights.source->input.size() + weights.source->temporal.size(), wanted,
                     weights.path.string());
}

}  // namespace actrec
