#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "cli/common.h"
#include "cli/evaluation_data.h"
#include "cli/make_report.h"
#include "cli/processes.h"
#include "cli/verbs.h"
#include "core/atomic_file.h"
#include "engine/checkpoint.h"
#include "engine/evaluator.h"
#include "engine/resources.h"
#include "report/progress.h"
#include "report/results_text.h"

namespace actrec {
namespace {

struct EvaluateArguments {
  std::string checkpoint, report, bad_videos;
  DataOptions data;
  InferenceOptions inference;
  bool json = false;
};

void show(const EvaluationResult& result, const EvaluateArguments& arguments) {
  if (arguments.json) {
    fmt::print("{}\n", evaluation_json(result).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    fmt::print("{} ({})\n\n{}", arguments.checkpoint, describe(*result.split), evaluation_text(result));
  }
}

ExitCode evaluate_verb(const EvaluateArguments& arguments) {
  Checkpoint checkpoint = load_checkpoint(arguments.checkpoint);
  Settings& settings = checkpoint.info.settings;
  apply(arguments.inference, settings);
  if (!arguments.bad_videos.empty())
    settings.data.bad_videos = arguments.bad_videos == "skip" ? BadVideos::skip : BadVideos::error;
  share_machine(settings, process_layout());
  const std::unique_ptr<ProcessGroup> group = join_processes(settings);
  const EvaluationData data = load_evaluation_data(checkpoint.info, arguments.data);
  DataSplits evaluated;
  evaluated.classes = checkpoint.info.classes;
  evaluated.test = data.clips;
  require_same_start(*group, settings, evaluated);
  if (!arguments.report.empty() && group->leads()) create_writable_directory(arguments.report);

  ProgressLine line;
  const Progress progress = [&](std::int64_t done, std::int64_t total) {
    if (group->leads()) line.show(fmt::format("{}/{} clips", done, total));
  };
  EvaluationResult result = evaluate_checkpoint(checkpoint, data.clips,
                                                arguments.data.data.empty() ? CacheUse::fill : CacheUse::read,
                                                Ablation::all, *group, progress);
  line.clear();
  if (!group->leads()) return ExitCode::ok;
  result.split = data.split;
  if (!arguments.report.empty()) {
    write_report(make_report(arguments.checkpoint, checkpoint, data, result), arguments.report);
    spdlog::info("report: {}", (absolute_path(arguments.report) / "report.html").string());
  }
  show(result, arguments);
  return ExitCode::ok;
}

}  // namespace

Action declare_evaluate(CLI::App& app) {
  auto arguments = std::make_shared<EvaluateArguments>();
  app.add_option("checkpoint", arguments->checkpoint, "a checkpoint that train wrote")
      ->required()
      ->type_name("CHECKPOINT");
  add_data_options(app, arguments->data);
  app.add_option("--bad-videos", arguments->bad_videos,
                 "error or skip: what becomes of clips that cannot be read; the default is as trained")
      ->check(CLI::IsMember({"error", "skip"}));
  add_inference_options(app, arguments->inference);
  app.add_option("--report", arguments->report,
                 "directory for report.html, predictions.csv, confusion.csv, confusion.png and metrics.json")
      ->type_name("DIR");
  app.add_flag("--json", arguments->json, "one JSON document on stdout");
  return [=] { return evaluate_verb(*arguments); };
}

}  // namespace actrec
