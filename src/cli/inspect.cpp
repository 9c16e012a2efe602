#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/verbs.h"
#include "config/config_file.h"
#include "core/text.h"
#include "engine/checkpoint.h"
#include "report/results_text.h"
#include "report/statistics_text.h"

namespace actrec {
namespace {

std::int64_t count_parameters(const std::vector<TensorSummary>& tensors) {
  std::int64_t count = 0;
  for (const TensorSummary& tensor : tensors) count += tensor.elements;
  return count;
}

void print_json(const CheckpointInfo& info, const std::vector<TensorSummary>& tensors) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const TensorSummary& tensor : tensors) {
    list.push_back({{"name", tensor.name}, {"shape", tensor.shape}, {"dtype", tensor.dtype}});
  }
  const nlohmann::ordered_json document = {
      {"version", info.version},
      {"epoch", info.epoch},
      {"clip_seconds", info.clip_seconds},
      {"metrics", info.metrics},
      {"classes", info.classes},
      {"normalization", {{"mean", info.statistics.mean}, {"std", info.statistics.std}}},
      {"split", split_json({"", info.split_method, info.split_fingerprint, info.leakage, ""})},
      {"temperature", info.temperature},
      {"parameters", count_parameters(tensors)},
      {"config", settings_to_json(info.settings)},
      {"tensors", list}};
  fmt::print("{}\n", document.dump(2));
}

void print_text(const CheckpointInfo& info, const std::vector<TensorSummary>& tensors) {
  fmt::print("written by     actrec {}\nepoch          {}\n", info.version, info.epoch);
  for (const auto& [name, value] : info.metrics) fmt::print("{:<14} {:.4f}\n", name, value);
  if (info.clip_seconds > 0)
    fmt::print("clip length    {:.2f} s, the median in training\n", info.clip_seconds);
  fmt::print("split          {} ({})\n", info.split_method, info.split_fingerprint);
  if (!info.leakage.empty()) fmt::print("leakage        {}\n", info.leakage);
  fmt::print("temperature    {:.4f}\n", info.temperature);
  fmt::print("normalization  mean {:.4f}  std {:.4f}\n", fmt::join(info.statistics.mean, " "),
             fmt::join(info.statistics.std, " "));
  fmt::print("classes        {}: {}\n", info.classes.size(), join(info.classes, ", "));
  fmt::print("parameters     {}\n\n", count_parameters(tensors));
  for (const TensorSummary& tensor : tensors) {
    fmt::print("{:<40} {} [{}]\n", tensor.name, tensor.dtype, fmt::join(tensor.shape, ", "));
  }
  fmt::print("\n{}\n", settings_to_json(info.settings).dump(2));
}

}  // namespace

Action declare_inspect(CLI::App& app) {
  auto checkpoint = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  app.add_option("checkpoint", *checkpoint, "a checkpoint that train wrote")
      ->required()
      ->type_name("CHECKPOINT");
  app.add_flag("--json", *json, "one JSON document on stdout");
  return [=] {
    std::vector<TensorSummary> tensors;
    const CheckpointInfo info = read_checkpoint_info(*checkpoint, tensors);
    *json ? print_json(info, tensors) : print_text(info, tensors);
    return ExitCode::ok;
  };
}

}  // namespace actrec
