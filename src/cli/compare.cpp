#include <fmt/format.h>

#include <optional>

#include "cli/common.h"
#include "cli/evaluation_data.h"
#include "cli/read_report.h"
#include "cli/verbs.h"
#include "engine/comparison.h"
#include "engine/evaluator.h"
#include "report/comparison_text.h"
#include "report/progress.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

struct CompareArguments {
  std::string first, second;
  DataOptions data;
  InferenceOptions inference;
  bool json = false;
};

bool is_report(const fs::path& path) { return fs::exists(path / "predictions.csv"); }

// One of the two: `result` has no predictions as long as there is a checkpoint to evaluate.
struct Side {
  Comparand result;
  std::optional<Checkpoint> checkpoint;
  std::vector<ClipRef> clips;
};

Side open(const fs::path& path, const CompareArguments& arguments) {
  if (is_report(path)) {
    if (!arguments.data.data.empty() || !arguments.data.split.empty()) {
      throw ConfigError(
          fmt::format("{} is a finished evaluation, which --data and --split cannot change", path.string()),
          "give checkpoints, or leave them out");
    }
    return {read_report(path), std::nullopt, {}};
  }
  Checkpoint checkpoint = load_checkpoint(fs::is_directory(path) ? path / "best.safetensors" : path);
  apply(arguments.inference, checkpoint.info.settings);
  EvaluationData data = load_evaluation_data(checkpoint.info, arguments.data);
  Comparand result{path.string(), checkpoint.info.classes, {}, data.split};
  return {std::move(result), std::move(checkpoint), std::move(data.clips)};
}

void evaluate(Side& side, CacheUse cache) {
  if (!side.checkpoint) return;
  ProgressLine line;
  EvaluationResult result = evaluate_checkpoint(
      *side.checkpoint, side.clips, cache, Ablation::none, [&](std::int64_t done, std::int64_t total) {
        line.show(fmt::format("{}: {}/{} clips", side.result.name, done, total));
      });
  side.result.predictions = std::move(result.predictions);
  side.checkpoint.reset();
}

ExitCode compare_verb(const CompareArguments& arguments) {
  Side first = open(arguments.first, arguments), second = open(arguments.second, arguments);
  require_same_split(first.result, second.result);  // before the work of evaluating them
  const CacheUse cache = arguments.data.data.empty() ? CacheUse::fill : CacheUse::read;
  evaluate(first, cache);
  evaluate(second, cache);
  const ComparisonResult result = compare_results(first.result, second.result);
  if (arguments.json) {  // a path may hold bytes that are no UTF-8
    fmt::print("{}\n",
               comparison_json(result).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  } else {
    fmt::print("{}", comparison_text(result));
  }
  return ExitCode::ok;
}

}  // namespace

Action declare_compare(CLI::App& app) {
  auto arguments = std::make_shared<CompareArguments>();
  const char* what =
      "a checkpoint, a run directory (its best checkpoint), or a directory of evaluate --report";
  app.add_option("a", arguments->first, what)->required()->type_name("A");
  app.add_option("b", arguments->second, what)->required()->type_name("B");
  add_data_options(app, arguments->data);
  add_inference_options(app, arguments->inference);
  app.add_flag("--json", arguments->json, "one JSON document on stdout");
  return [=] { return compare_verb(*arguments); };
}

}  // namespace actrec
