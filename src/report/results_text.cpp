#include "report/results_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"
#include "report/ablation_text.h"
#include "report/statistics_text.h"

namespace actrec {
namespace {

constexpr std::size_t kLongestName = 32;
constexpr std::size_t kLargestTextMatrix = 30;  // classes; a larger matrix does not fit a terminal

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::size_t columns(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues_character(c); }));
}

std::size_t name_width(const std::vector<std::string>& names) {
  std::size_t width = 5;
  for (const std::string& name : names) width = std::max(width, columns(name));
  return std::min(width, kLongestName);
}

// "46 (2 skipped: they cannot be read)"
std::string skipped_text(std::int64_t clips, const std::vector<SkippedClip>& skipped) {
  if (skipped.empty()) return std::to_string(clips);
  return fmt::format("{} ({} skipped: cannot be read)", clips, skipped.size());
}

std::string confusion_text(const EvaluationResult& result) {
  if (result.classes.size() > kLargestTextMatrix) {
    return fmt::format("confusion matrix: {} classes, see --json\n", result.classes.size());
  }
  const std::size_t width = name_width(result.classes);
  std::string text =
      "confusion matrix (rows: true class, columns: prediction)\n" + std::string(width + 3, ' ');
  for (std::size_t k = 0; k < result.classes.size(); ++k) text += fmt::format("{:>5}", k + 1);
  text += '\n';
  for (std::size_t row = 0; row < result.classes.size(); ++row) {
    text += fmt::format("{:>2} {}", row + 1, pad(result.classes[row], width));
    for (const std::int64_t count : result.confusion[row])
      text += count == 0 ? "    ." : fmt::format("{:>5}", count);
    text += '\n';
  }
  return text;
}

std::string figures_text(const EvaluationResult& result) {
  const auto between = [&](const Interval ConfidenceIntervals::*figure) {
    return result.intervals ? "  " + interval_text((*result.intervals).*figure) : "";
  };
  std::string text = fmt::format(
      "clips                {}\n"
      "top-1 accuracy       {:.4f}{}\n"
      "top-5 accuracy       {:.4f}\n"
      "mean class accuracy  {:.4f}{}\n"
      "macro F1             {:.4f}{}\n"
      "loss                 {:.4f}\n",
      skipped_text(result.clips, result.skipped), result.top1, between(&ConfidenceIntervals::top1),
      result.top5, result.mean_class_accuracy, between(&ConfidenceIntervals::mean_class_accuracy),
      result.macro_f1, between(&ConfidenceIntervals::macro_f1), result.loss);
  if (result.calibration) text += "calibration error    " + calibration_text(*result.calibration) + '\n';
  if (result.intervals) text += bootstrap_text(result.intervals->bootstrap) + '\n';
  return text;
}

}  // namespace

std::string pad(const std::string& text, std::size_t width) {
  std::string padded;
  std::size_t used = 0;
  for (const char c : text) {
    const bool starts = !continues_character(c);
    if (starts && used == width) break;
    used += starts ? 1 : 0;
    padded += c;
  }
  return padded + std::string(width - used, ' ');
}

nlohmann::ordered_json skipped_json(const std::vector<SkippedClip>& skipped) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const SkippedClip& one : skipped) list.push_back({{"clip", one.clip}, {"reason", one.reason}});
  return list;
}

std::string evaluation_text(const EvaluationResult& result) {
  std::string text;
  if (result.split) {
    text +=
        fmt::format("split                {} ({})\n",
                    result.split->method.empty() ? "none" : result.split->method, result.split->fingerprint);
    if (!result.split->leakage.empty())
      text += fmt::format("leakage              {}\n", result.split->leakage);
  }
  text += figures_text(result) + '\n';
  const std::size_t width = name_width(result.classes);
  text += fmt::format("{}  precision  recall      F1  clips\n", pad("class", width));
  for (const ClassResult& one : result.per_class) {
    text += fmt::format("{}     {:.4f}  {:.4f}  {:.4f}  {:>5}\n", pad(one.name, width), one.precision,
                        one.recall, one.f1, one.support);
  }
  text += '\n' + confusion_text(result);
  return result.ablation ? text + '\n' + ablation_text(result) : text;
}

nlohmann::ordered_json evaluation_json(const EvaluationResult& result) {
  nlohmann::ordered_json per_class = nlohmann::ordered_json::array();
  for (const ClassResult& one : result.per_class) {
    per_class.push_back({{"class", one.name},
                         {"clips", one.support},
                         {"precision", one.precision},
                         {"recall", one.recall},
                         {"f1", one.f1}});
  }
  nlohmann::ordered_json json = {{"clips", result.clips},
                                 {"top1", result.top1},
                                 {"top5", result.top5},
                                 {"mean_class_accuracy", result.mean_class_accuracy},
                                 {"macro_f1", result.macro_f1},
                                 {"loss", result.loss},
                                 {"classes", result.classes},
                                 {"confusion", result.confusion},
                                 {"per_class", per_class},
                                 {"skipped", result.skipped.size()},
                                 {"skipped_clips", skipped_json(result.skipped)}};
  if (result.split) json["split"] = split_json(*result.split);
  if (result.intervals) json["confidence_intervals"] = intervals_json(*result.intervals);
  if (result.calibration) json["calibration"] = calibration_json(*result.calibration);
  if (result.ablation) {
    json["baselines"] = baselines_json(*result.ablation);
    json["order"] = order_json(*result.ablation);
  }
  return json;
}

std::string bench_text(const BenchResult& result) {
  const std::string gpu = result.gpu.memory_mb > 0
                              ? fmt::format("GPU in training    {:>8.0f} % busy, {:.1f} GiB in use\n",
                                            100 * result.gpu.busy_fraction, result.gpu.memory_mb / 1024)
                              : "";
  return fmt::format(
      "decoding videos    {:>8.0f} frames/s\n"
      "loading batches    {:>8.0f} frames/s\n"
      "training step      {:>8.0f} frames/s\n"
      "training           {:>8.0f} frames/s, {:.1f}% of the time waiting for data\n"
      "frame cache        {:>8.2f} MB a clip\n"
      "peak memory        {:>8.0f} MB\n"
      "{}\n"
      "{} clips: {}\n",
      result.decode_fps, result.load_fps, result.compute_fps, result.train_fps,
      100 * result.data_wait_fraction, static_cast<double>(result.bytes_per_clip) / 1e6, result.peak_rss_mb,
      gpu, result.clips, result.limit);
}

nlohmann::ordered_json bench_json(const BenchResult& result) {
  return {{"clips", result.clips},
          {"decode_fps", result.decode_fps},
          {"load_fps", result.load_fps},
          {"compute_fps", result.compute_fps},
          {"train_fps", result.train_fps},
          {"data_wait_fraction", result.data_wait_fraction},
          {"bytes_per_clip", result.bytes_per_clip},
          {"peak_rss_mb", result.peak_rss_mb},
          {"gpu_busy_fraction", result.gpu.busy_fraction},
          {"gpu_memory_mb", result.gpu.memory_mb},
          {"limit", result.limit}};
}

std::string summary_text(const TrainingSummary& summary) {
  const char* reason = summary.reason == StopReason::interrupted      ? "interrupted"
                       : summary.reason == StopReason::early_stopping ? "stopped early, no improvement"
                                                                      : "finished";
  std::string text = fmt::format("{} after {} and {}\n", reason, format_count(summary.epochs, "epoch"),
                                 format_duration(summary.seconds));
  if (summary.best_epoch > 0) {
    text +=
        fmt::format("best epoch {}: val loss {:.4f}, val top-1 {:.4f}\nbest model  {}\n", summary.best_epoch,
                    summary.best.val_loss, summary.best.val_top1, summary.best_checkpoint.string());
  }
  text += fmt::format("last model  {}\n", summary.last_checkpoint.string());
  text += fmt::format("split       {} ({})\n", summary.split.method, summary.split.fingerprint);
  if (!summary.split.leakage.empty()) text += fmt::format("leakage     {}\n", summary.split.leakage);
  if (!summary.skipped.empty()) {
    text += fmt::format("skipped     {}\n", format_count(summary.skipped.size(), "clip"));
    for (const SkippedClip& one : summary.skipped) text += fmt::format("  {}: {}\n", one.clip, one.reason);
  }
  if (summary.reason != StopReason::interrupted) return text;
  return text + fmt::format("go on with  actrec train --resume {}\n",
                            summary.last_checkpoint.parent_path().string());
}

}  // namespace actrec
