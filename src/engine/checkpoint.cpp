#include "engine/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/config_file.h"
#include "config/json_text.h"
#include "config/values.h"
#include "core/error.h"
#include "core/text.h"
#include "models/safetensors.h"

namespace actrec {
namespace {

constexpr const char* kFormat = "actrec checkpoint";
constexpr std::size_t kProblemsShown = 20;
constexpr std::int64_t kSlack =
    4;  // a file this many times too small is refused before its tensors are compared

std::string shape_text(const torch::Tensor& tensor) {
  return fmt::format("[{}]", fmt::join(tensor.sizes().vec(), ", "));
}

// The document under a key of the metadata. Throws where it is no JSON, nests without end or
// gives a key twice.
Json document_of(const std::map<std::string, std::string>& metadata, const char* key) {
  try {
    ParsedJson parsed = parse_json(metadata.at(key), key);
    if (parsed.duplicate_keys.empty()) return std::move(parsed.document);
  } catch (const ConfigError&) {
  }
  throw std::invalid_argument(key);
}

CheckpointInfo parse_info(const std::filesystem::path& path,
                          const std::map<std::string, std::string>& metadata) {
  const auto format = metadata.find("format");
  if (format == metadata.end() || format->second != kFormat) {
    throw CheckpointError(fmt::format("{} is not an actrec checkpoint", path.string()),
                          "it has tensors, but not the configuration and class names of a model; give a "
                          "best.safetensors or last.safetensors that `actrec train` wrote");
  }
  try {
    CheckpointInfo info;
    info.version = metadata.at("version");
    info.settings = settings_from_json(document_of(metadata, "config"), path.string());
    info.classes = document_of(metadata, "classes").get<std::vector<std::string>>();
    const Json statistics = document_of(metadata, "normalization");
    info.statistics.mean = statistics.at("mean").get<std::array<double, 3>>();
    info.statistics.std = statistics.at("std").get<std::array<double, 3>>();
    info.split_method = metadata.at("split_method");
    info.split_fingerprint = metadata.at("split_fingerprint");
    const std::string epoch_problem = read_value(document_of(metadata, "epoch"), at_least(0), info.epoch);
    if (!epoch_problem.empty()) throw std::out_of_range("epoch");
    info.metrics = document_of(metadata, "metrics").get<std::map<std::string, double>>();
    if (metadata.count("train_clips") > 0) {
      info.train_clips = document_of(metadata, "train_clips").get<std::vector<std::int64_t>>();
      if (info.train_clips.size() != info.classes.size()) throw std::out_of_range("train_clips");
    }
    if (info.classes.size() < 2) throw std::out_of_range("classes");
    for (const double deviation : info.statistics.std) {
      if (!(deviation > 0)) throw std::out_of_range("normalization");
    }
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

// Parameters, and buffers such as the statistics of batch normalisation.
torch::OrderedDict<std::string, torch::Tensor> state_of(const torch::nn::Module& model) {
  torch::OrderedDict<std::string, torch::Tensor> state = model.named_parameters();
  state.update(model.named_buffers());
  return state;
}

// A model is only built if the file has the numbers to fill it: a few bytes of hostile configuration could
// ask for any amount of memory.
void check_size(const std::filesystem::path& path, const CheckpointInfo& info,
                const std::map<std::string, torch::Tensor>& found) {
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

void check_tensors(const std::filesystem::path& path,
                   const torch::OrderedDict<std::string, torch::Tensor>& expected,
                   const std::map<std::string, torch::Tensor>& found) {
  std::vector<std::string> problems;
  for (const auto& parameter : expected) {
    const auto match = found.find(parameter.key());
    if (match == found.end()) {
      problems.push_back(fmt::format("{} is missing", parameter.key()));
    } else if (match->second.sizes() != parameter.value().sizes()) {
      problems.push_back(fmt::format("{} is {} instead of {}", parameter.key(), shape_text(match->second),
                                     shape_text(parameter.value())));
    } else if (match->second.scalar_type() != parameter.value().scalar_type()) {
      problems.push_back(fmt::format("{} has the wrong dtype", parameter.key()));
    }
  }
  for (const auto& [name, tensor] : found) {
    if (!expected.contains(name)) problems.push_back(fmt::format("{} does not belong to the model", name));
  }
  if (problems.empty()) return;
  if (problems.size() > kProblemsShown) {
    const std::size_t more = problems.size() - kProblemsShown;
    problems.resize(kProblemsShown);
    problems.push_back(fmt::format("and {} more", more));
  }
  throw CheckpointError(
      fmt::format("{}: the tensors do not fit the model: {}", path.string(), join(problems, "; ")));
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const Recogniser& model, const CheckpointInfo& info) {
  TensorFile file;
  for (const auto& tensor : state_of(model)) file.tensors.emplace(tensor.key(), tensor.value());
  file.metadata = {
      {"format", kFormat},
      {"version", info.version},
      {"config", settings_to_json(info.settings).dump()},
      {"classes", Json(info.classes).dump()},
      {"normalization", Json{{"mean", info.statistics.mean}, {"std", info.statistics.std}}.dump()},
      {"sampling", settings_to_json(info.settings).at("clip").dump()},
      {"split_method", info.split_method},
      {"split_fingerprint", info.split_fingerprint},
      {"epoch", std::to_string(info.epoch)},
      {"metrics", Json(info.metrics).dump()},
  };
  if (!info.train_clips.empty()) file.metadata["train_clips"] = Json(info.train_clips).dump();
  write_safetensors(path, file);
}

Checkpoint load_checkpoint(const std::filesystem::path& path) {
  const TensorFile file = read_safetensors(path);
  Checkpoint checkpoint{parse_info(path, file.metadata), nullptr};
  const CheckpointInfo& info = checkpoint.info;
  check_size(path, info, file.tensors);
  checkpoint.model =
      std::make_shared<Recogniser>(info.settings.model, info.settings.clip.size,
                                   static_cast<std::int64_t>(info.classes.size()), info.statistics);
  auto state = state_of(*checkpoint.model);
  check_tensors(path, state, file.tensors);
  torch::NoGradGuard no_grad;
  for (auto& tensor : state) tensor.value().copy_(file.tensors.at(tensor.key()));
  checkpoint.model->eval();
  return checkpoint;
}

CheckpointInfo read_checkpoint_info(const std::filesystem::path& path, std::vector<TensorSummary>& tensors) {
  const TensorFile file = read_safetensors(path);
  CheckpointInfo info = parse_info(path, file.metadata);
  for (const auto& [name, tensor] : file.tensors) {
    tensors.push_back({name, tensor.sizes().vec(), c10::toString(tensor.scalar_type()), tensor.numel()});
  }
  return info;
}

}  // namespace actrec
