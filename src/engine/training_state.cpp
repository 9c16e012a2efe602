#include "engine/training_state.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "models/checkpoint_format.h"
#include "models/safetensors.h"

namespace actrec {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "actrec training state";
const std::string kModel = "model.";
const std::string kOptimization = "training.";
constexpr const char* kLossSum = "meter.loss_sum";
constexpr const char* kHits = "meter.hits";
constexpr const char* kClips = "clips";

constexpr const char* kHint = "the file is damaged, or of another version of actrec";

Json epochs_to_json(const std::vector<EpochResult>& epochs) {
  Json list = Json::array();
  for (const EpochResult& epoch : epochs) {
    Json entry = {{"best", epoch.best}};
    visit_metrics(epoch, [&](const char* name, const auto& value) { entry[name] = value; });
    list.push_back(entry);
  }
  return list;
}

std::vector<EpochResult> epochs_from_json(const Json& list) {
  std::vector<EpochResult> epochs;
  for (const Json& entry : list) {
    EpochResult epoch;
    entry.at("best").get_to(epoch.best);
    visit_metrics(epoch, [&](const char* name, auto& value) {
      const bool is_new = std::string_view(name).substr(0, 4) == "gpu_";  // earlier versions had none
      if (!is_new || entry.contains(name)) entry.at(name).get_to(value);
    });
    if (epoch.epoch != static_cast<int>(epochs.size()) + 1) throw std::out_of_range("epoch");
    epochs.push_back(epoch);
  }
  return epochs;
}

Json position_to_json(const TrainingPosition& position) {
  return {{"step", position.step},
          {"clips", position.meter.clips},
          {"meter_seconds", position.meter.seconds},
          {"meter_wait_seconds", position.meter.wait_seconds},
          {"learning_rate", position.learning_rate},
          {"seconds", position.seconds},
          {"epoch_seconds", position.epoch_seconds},
          {"epochs", epochs_to_json(position.epochs)}};
}

TrainingPosition position_from_json(const Json& document) {
  TrainingPosition position;
  document.at("step").get_to(position.step);
  document.at("clips").get_to(position.meter.clips);
  document.at("meter_seconds").get_to(position.meter.seconds);
  document.at("meter_wait_seconds").get_to(position.meter.wait_seconds);
  document.at("learning_rate").get_to(position.learning_rate);
  document.at("seconds").get_to(position.seconds);
  document.at("epoch_seconds").get_to(position.epoch_seconds);
  position.epochs = epochs_from_json(document.at("epochs"));
  if (position.step < 0 || position.meter.clips < 0) throw std::out_of_range("step");
  return position;
}

// The scalar of that dtype.
torch::Tensor scalar(const NamedTensors& tensors, const char* name, torch::ScalarType dtype) {
  const torch::Tensor& tensor = tensors.at(name);
  if (tensor.dim() != 0 || tensor.scalar_type() != dtype) throw std::out_of_range(name);
  return tensor;
}

torch::Tensor bytes_of(const std::string& text) {
  torch::Tensor bytes = torch::empty(static_cast<std::int64_t>(text.size()), torch::kUInt8);
  if (!text.empty()) std::memcpy(bytes.data_ptr(), text.data(), text.size());
  return bytes;
}

std::string text_of(const torch::Tensor& bytes) {
  if (bytes.scalar_type() != torch::kUInt8) throw std::out_of_range("text");
  return {static_cast<const char*>(bytes.data_ptr()), static_cast<std::size_t>(bytes.numel())};
}

}  // namespace

void save_training_state(const std::filesystem::path& path, const TrainingState& state) {
  TensorFile file;
  file.metadata = describe_checkpoint(state.info);
  file.metadata["format"] = kFormat;
  file.metadata["machine"] = Json(state.machine).dump();
  file.metadata["position"] = position_to_json(state.position).dump();
  for (const auto& [name, tensor] : state.model) file.tensors.emplace(kModel + name, tensor);
  for (const auto& [name, tensor] : state.optimization) file.tensors.emplace(kOptimization + name, tensor);
  file.tensors.emplace(kLossSum, state.position.meter.loss_sum);
  file.tensors.emplace(kHits, state.position.meter.hits);
  file.tensors.emplace(kClips, bytes_of(state.clips));
  write_safetensors(path, file);
}

TrainingState read_training_state(const std::filesystem::path& path) {
  const TensorFile file = read_safetensors(path);
  const auto format = file.metadata.find("format");
  if (format == file.metadata.end() || format->second != kFormat) {
    throw CheckpointError(fmt::format("{} does not hold the state of a training run", path.string()), kHint);
  }
  TrainingState state;
  state.info = parse_checkpoint_info(path, file.metadata);
  try {
    state.machine = metadata_document(file.metadata, "machine").get<std::map<std::string, std::string>>();
    state.position = position_from_json(metadata_document(file.metadata, "position"));
    state.position.meter.loss_sum = scalar(file.tensors, kLossSum, torch::kFloat64);
    state.position.meter.hits = scalar(file.tensors, kHits, torch::kInt64);
    state.clips = text_of(file.tensors.at(kClips));
  } catch (const std::exception&) {
    throw CheckpointError(fmt::format("{}: the position in training cannot be read", path.string()), kHint);
  }
  state.model = without_prefix(file.tensors, kModel);
  state.optimization = without_prefix(file.tensors, kOptimization);
  return state;
}

}  // namespace actrec
