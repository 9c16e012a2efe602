#include "cli/make_report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <ctime>
#include <opencv2/core/version.hpp>

#include "cli/quiet_log.h"
#include "config/config_file.h"
#include "core/atomic_file.h"
#include "core/system.h"
#include "core/text.h"
#include "core/torch_compat.h"
#include "data/thumbnails.h"
#include "report/metrics_log.h"
#include "report/progress.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostMistakes = 24, kMostUncertain = 12;

std::vector<Filmstrip> filmstrips(const std::vector<std::size_t>& chosen, const EvaluationResult& evaluation,
                                  const EvaluationData& data, const Thumbnails& thumbnails) {
  std::vector<Filmstrip> strips;
  for (const std::size_t clip : chosen) {
    const std::string& name = evaluation.predictions[clip].name;
    strips.push_back({clip, thumbnails.of(clip_named(data.clips, name))});
  }
  return strips;
}

std::vector<std::pair<std::string, std::string>> environment_of(const fs::path& file,
                                                                const Checkpoint& checkpoint) {
  const std::string device = checkpoint.model->parameters().front().device().str();
  return {{"Checkpoint", fs::absolute(file).lexically_normal().string()},
          {"Trained with", "actrec " + checkpoint.info.version},
          {"Evaluated with",
           fmt::format("actrec {}, LibTorch {}, OpenCV {}", ACTREC_VERSION, torch_version(), CV_VERSION)},
          {"Device", device},
          {"Processor", processor_name()},
          {"Written", fmt::format("{:%Y-%m-%d %H:%M}", fmt::localtime(std::time(nullptr)))}};
}

// Empty in all processes but the first.
std::string page_of_run(const fs::path& directory, const Settings& settings, const DataSplits& splits,
                        ProcessGroup& group) {
  const QuietLog quiet;
  group.wait_for_all();  // until the first has written the checkpoint
  const fs::path file = directory / "best.safetensors";
  Checkpoint checkpoint = load_checkpoint(file);
  checkpoint.info.settings.device = settings.device;  // each process has its own
  const EvaluationData data = evaluation_data_of(splits, checkpoint.info.settings, "val");
  ProgressLine line;
  EvaluationResult evaluation =
      evaluate_checkpoint(checkpoint, data.clips, CacheUse::fill, Ablation::all, group,
                          [&](std::int64_t done, std::int64_t total) {
                            if (group.leads()) line.show(fmt::format("report: {}/{} clips", done, total));
                          });
  if (!group.leads()) return {};
  evaluation.split = data.split;
  return report_html(make_report(file, checkpoint, data, std::move(evaluation)));
}

}  // namespace

Report make_report(const fs::path& file, const Checkpoint& checkpoint, const EvaluationData& data,
                   EvaluationResult evaluation) {
  const CheckpointInfo& info = checkpoint.info;
  const fs::path directory = fs::absolute(file).lexically_normal().parent_path();
  const Thumbnails thumbnails(info.settings, kFilmstripFrames, kFilmstripHeight);
  Report report;
  report.title = directory.filename().string();
  report.mistakes = filmstrips(confident_mistakes(evaluation, kMostMistakes), evaluation, data, thumbnails);
  report.uncertain = filmstrips(uncertain_hits(evaluation, kMostUncertain), evaluation, data, thumbnails);
  report.evaluation = std::move(evaluation);
  report.splits = data.splits;
  report.epochs = read_metrics(directory / "metrics.jsonl");
  report.epoch = info.epoch;
  report.environment = environment_of(file, checkpoint);
  report.config = settings_to_json(info.settings);
  return report;
}

void write_run_report(const fs::path& directory, const Settings& settings, const DataSplits& splits,
                      ProcessGroup& group) {
  try {
    const std::string page = page_of_run(directory, settings, splits, group);
    if (!group.leads()) return;
    write_file_atomically(directory / "report.html", page);
    spdlog::info("report: {}", (directory / "report.html").string());
  } catch (const std::exception& error) {  // of LibTorch's, the first line says what is wrong
    spdlog::warn(
        "there is no report of this run: {}; `actrec evaluate {} --split val --report DIR` makes one",
        split(error.what(), '\n').front(), (directory / "best.safetensors").string());
  }
}

}  // namespace actrec
