#include "engine/fold_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "config/config_file.h"
#include "config/json_text.h"
#include "config/values.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "core/text.h"
#include "engine/metrics.h"
#include "engine/run_changes.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

constexpr const char* kResultFile = "result.json";

Json input_test_to_json(const InputTest& test) {
  return {{"top1", test.top1}, {"lost", test.lost}, {"gained", test.gained}};
}

InputTest input_test_from_json(const Json& document) {
  return {document.at("top1").get<double>(), document.at("lost").get<std::int64_t>(),
          document.at("gained").get<std::int64_t>()};
}

Json ablation_to_json(const AblationResult& ablation) {
  Json changes = Json::array();
  for (const PredictionChange& change : ablation.changes)
    changes.push_back({{"from", change.from}, {"to", change.to}, {"clips", change.clips}});
  Json document = {{"top1", ablation.top1},
                   {"single_frame", input_test_to_json(ablation.single_frame)},
                   {"mean_frame", input_test_to_json(ablation.mean_frame)},
                   {"reversed", input_test_to_json(ablation.reversed)},
                   {"shuffled", input_test_to_json(ablation.shuffled)},
                   {"changes", changes}};
  if (ablation.majority_class) {
    document["majority_class"] = *ablation.majority_class;
    document["majority_name"] = ablation.majority_name;
  }
  return document;
}

AblationResult ablation_from_json(const Json& document) {
  AblationResult ablation;
  ablation.top1 = document.at("top1").get<double>();
  ablation.single_frame = input_test_from_json(document.at("single_frame"));
  ablation.mean_frame = input_test_from_json(document.at("mean_frame"));
  ablation.reversed = input_test_from_json(document.at("reversed"));
  ablation.shuffled = input_test_from_json(document.at("shuffled"));
  for (const Json& change : document.at("changes")) {
    ablation.changes.push_back({change.at("from").get<std::string>(), change.at("to").get<std::string>(),
                                change.at("clips").get<std::int64_t>()});
  }
  if (document.contains("majority_class")) {
    ablation.majority_class = document.at("majority_class").get<double>();
    ablation.majority_name = document.at("majority_name").get<std::string>();
  }
  return ablation;
}

Json evaluation_to_json(const EvaluationResult& result) {
  Json skipped = Json::array();
  for (const SkippedClip& one : result.skipped)
    skipped.push_back({{"clip", one.clip}, {"reason", one.reason}});
  Json document = {{"clips", result.clips},       {"top1", result.top1},
                   {"top5", result.top5},         {"mean_class_accuracy", result.mean_class_accuracy},
                   {"macro_f1", result.macro_f1}, {"loss", result.loss},
                   {"classes", result.classes},   {"confusion", result.confusion},
                   {"skipped", skipped}};
  if (result.ablation) document["ablation"] = ablation_to_json(*result.ablation);
  return document;
}

EvaluationResult evaluation_from_json(const Json& document) {
  const auto classes = document.at("classes").get<std::vector<std::string>>();
  const auto confusion = document.at("confusion").get<std::vector<std::vector<std::int64_t>>>();
  const bool square = confusion.size() == classes.size() &&
                      std::all_of(confusion.begin(), confusion.end(),
                                  [&](const auto& row) { return row.size() == classes.size(); });
  if (!square) throw std::out_of_range("confusion");
  EvaluationResult result =
      evaluation_of(classes, confusion, document.at("top5").get<double>(), document.at("loss").get<double>());
  for (const Json& one : document.value("skipped", Json::array()))
    result.skipped.push_back({one.at("clip").get<std::string>(), one.at("reason").get<std::string>()});
  if (document.contains("ablation")) result.ablation = ablation_from_json(document.at("ablation"));
  return result;
}

}  // namespace

void write_fold_result(const fs::path& directory, const Settings& settings, const std::string& fingerprint,
                       const FoldResult& result) {
  const Json document = {{"fold", result.fold},
                         {"seed", result.seed},
                         {"best_epoch", result.best_epoch},
                         {"groups", result.groups},
                         {"split_fingerprint", fingerprint},
                         {"split_method", result.split.method},
                         {"leakage", result.split.leakage},
                         {"evaluation", evaluation_to_json(result.evaluation)},
                         {"config", settings_to_json(settings)}};
  write_file_atomically(directory / kResultFile,
                        document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::optional<FoldResult> read_fold_result(const fs::path& directory, const Settings& settings,
                                           const std::string& fingerprint) {
  const fs::path path = directory / kResultFile;
  if (!fs::exists(path)) return std::nullopt;
  const std::string again = fmt::format("move {} away to run this fold again", directory.string());
  FoldResult result;
  std::string tested_on;
  Settings trained_with;
  try {
    const Json document = parse_json(read_file(path), path.string()).document;
    trained_with = settings_from_json(document.at("config"), path.string());
    tested_on = document.at("split_fingerprint").get<std::string>();
    result.fold = document.at("fold").get<int>();
    result.seed = document.at("seed").get<std::uint64_t>();
    result.best_epoch = document.at("best_epoch").get<int>();
    result.groups = document.at("groups").get<std::vector<std::string>>();
    result.evaluation = evaluation_from_json(document.at("evaluation"));
    result.split = {"test", document.value("split_method", ""), tested_on, document.value("leakage", ""),
                    trained_with.data.path.string()};
  } catch (const Error& error) {
    throw Error(error.what(), again);
  } catch (const std::exception&) {
    throw Error(fmt::format("{} is damaged", path.string()), again);
  }
  const std::vector<std::string> changes = changed_settings(trained_with, settings);
  if (!changes.empty()) {
    throw ConfigError(
        fmt::format("{} was trained with other settings: {}", directory.string(), join(changes, "; ")),
        "take the same settings, or another --output");
  }
  if (tested_on != fingerprint) {
    throw DataError(fmt::format("the data set has changed since {} was trained", directory.string()),
                    "take another --output to begin anew");
  }
  return result;
}

}  // namespace actrec
