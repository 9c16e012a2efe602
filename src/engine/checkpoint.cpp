#include "engine/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "config/config_file.h"
#include "config/json_text.h"
#include "config/values.h"
#include "core/error.h"
#include "core/text.h"
#include "models/checkpoint_format.h"
#include "models/safetensors.h"
#include "models/state.h"
#include "models/torchscript_encoder.h"

namespace actrec {
namespace {

constexpr std::int64_t kSlack =
    4;  // a file this many times too small is refused before its tensors are compared

// A model is only built if the file has the numbers to fill it: a few bytes of hostile configuration could
// ask for any amount of memory.
void check_size(const std::filesystem::path& path, const CheckpointInfo& info, const NamedTensors& found) {
  const std::int64_t expected = count_parameters(info.settings.model, info.settings.clip.size,
                                                 static_cast<std::int64_t>(info.classes.size()));
  std::int64_t stored = 0;
  for (const auto& [name, tensor] : found) stored += tensor.numel();
  if (expected > kSlack * std::max<std::int64_t>(stored, 1)) {
    throw CheckpointError(
        fmt::format("{}: its configuration describes a model of {} numbers, but it holds {}", path.string(),
                    expected, stored),
        "it is damaged, incomplete, or changed by another program");
  }
}

// Of the checkpoint itself: the file that it once came from is not needed.
std::shared_ptr<Encoder> torchscript_encoder(const std::filesystem::path& path, const CheckpointInfo& info,
                                             const NamedTensors& tensors) {
  const EncoderSettings& settings = info.settings.model.encoder;
  return std::make_shared<TorchScriptEncoder>(without_prefix(tensors, "encoder."), ScriptContent::code,
                                              info.settings.clip.size,
                                              settings.batch_norm == BatchNormMode::train, path);
}

CheckpointInfo require_checkpoint(const std::filesystem::path& path,
                                  const std::map<std::string, std::string>& metadata) {
  if (!is_checkpoint(metadata)) {
    throw CheckpointError(fmt::format("{} is not an actrec checkpoint", path.string()),
                          "it has tensors, but not the configuration and class names of a model; give a "
                          "best.safetensors or last.safetensors that `actrec train` wrote");
  }
  return parse_checkpoint_info(path, metadata);
}

}  // namespace

std::map<std::string, std::string> describe_checkpoint(const CheckpointInfo& info) {
  std::map<std::string, std::string> metadata = {
      {"version", info.version},
      {"config", settings_to_json(info.settings).dump()},
      {"classes", Json(info.classes).dump()},
      {"normalization", Json{{"mean", info.statistics.mean}, {"std", info.statistics.std}}.dump()},
      {"sampling", settings_to_json(info.settings).at("clip").dump()},
      {"split_method", info.split_method},
      {"split_fingerprint", info.split_fingerprint},
      {"epoch", std::to_string(info.epoch)},
      {"metrics", Json(info.metrics).dump()},
      {"temperature", Json(info.temperature).dump()},
  };
  if (!info.leakage.empty()) metadata["leakage"] = info.leakage;
  if (info.clip_seconds > 0) metadata["clip_seconds"] = Json(info.clip_seconds).dump();
  if (!info.train_clips.empty()) metadata["train_clips"] = Json(info.train_clips).dump();
  return metadata;
}

CheckpointInfo parse_checkpoint_info(const std::filesystem::path& path,
                                     const std::map<std::string, std::string>& metadata) {
  try {
    CheckpointInfo info;
    info.version = metadata.at("version");
    info.settings = settings_from_json(metadata_document(metadata, "config"), path.string());
    info.classes = metadata_document(metadata, "classes").get<std::vector<std::string>>();
    const Json statistics = metadata_document(metadata, "normalization");
    info.statistics = pixel_statistics(statistics.at("mean"), statistics.at("std"));
    info.split_method = metadata.at("split_method");
    info.split_fingerprint = metadata.at("split_fingerprint");
    if (metadata.count("leakage") > 0) info.leakage = metadata.at("leakage");
    const std::string epoch_problem =
        read_value(metadata_document(metadata, "epoch"), at_least(0), info.epoch);
    if (!epoch_problem.empty()) throw std::out_of_range("epoch");
    info.metrics = metadata_document(metadata, "metrics").get<std::map<std::string, double>>();
    if (metadata.count("train_clips") > 0) {
      info.train_clips = metadata_document(metadata, "train_clips").get<std::vector<std::int64_t>>();
      if (info.train_clips.size() != info.classes.size()) throw std::out_of_range("train_clips");
    }
    if (metadata.count("temperature") > 0) {
      const std::string problem =
          read_value(metadata_document(metadata, "temperature"), between(1e-3, 1e3), info.temperature);
      if (!problem.empty()) throw std::out_of_range("temperature");
    }
    if (metadata.count("clip_seconds") > 0) {
      info.clip_seconds = metadata_document(metadata, "clip_seconds").get<double>();
      if (!std::isfinite(info.clip_seconds) || info.clip_seconds < 0) throw std::out_of_range("clip_seconds");
    }
    if (info.classes.size() < 2) throw std::out_of_range("classes");
    return info;
  } catch (const ConfigError& error) {
    throw CheckpointError(
        error.what(), fmt::format("it was written by actrec {}, this is actrec {}",
                                  metadata.count("version") ? metadata.at("version") : "?", ACTREC_VERSION));
  } catch (const std::exception&) {
    throw CheckpointError(fmt::format("{} has damaged or missing metadata", path.string()),
                          "it was not written completely, or changed by another program");
  }
}

void save_checkpoint(const std::filesystem::path& path, const Recogniser& model, const CheckpointInfo& info) {
  TensorFile file;
  for (const auto& tensor : state_of(model)) file.tensors.emplace(tensor.key(), tensor.value());
  file.metadata = describe_checkpoint(info);
  file.metadata["format"] = kCheckpointFormat;
  write_safetensors(path, file);
}

std::shared_ptr<Recogniser> rebuild_model(const std::filesystem::path& path, const CheckpointInfo& info,
                                          const NamedTensors& tensors) {
  check_size(path, info, tensors);
  const ModelSettings& settings = info.settings.model;
  auto model = std::make_shared<Recogniser>(
      settings, info.settings.clip.size, static_cast<std::int64_t>(info.classes.size()), info.statistics,
      settings.encoder.type == EncoderType::torchscript ? torchscript_encoder(path, info, tensors) : nullptr);
  load_state(*model, tensors, path, StateMatch::exact);
  return model;
}

Checkpoint load_checkpoint(const std::filesystem::path& path) {
  const TensorFile file = read_safetensors(path);
  Checkpoint checkpoint{require_checkpoint(path, file.metadata), nullptr};
  checkpoint.model = rebuild_model(path, checkpoint.info, file.tensors);
  checkpoint.model->eval();
  return checkpoint;
}

CheckpointInfo read_checkpoint_info(const std::filesystem::path& path, std::vector<TensorSummary>& tensors) {
  const TensorFile file = read_safetensors(path);
  CheckpointInfo info = require_checkpoint(path, file.metadata);
  for (const auto& [name, tensor] : file.tensors) {
    tensors.push_back({name, tensor.sizes().vec(), c10::toString(tensor.scalar_type()), tensor.numel()});
  }
  return info;
}

int checkpoint_epoch(const std::filesystem::path& path) {
  std::vector<TensorSummary> tensors;
  return std::filesystem::exists(path) ? read_checkpoint_info(path, tensors).epoch : 0;
}

}  // namespace actrec
