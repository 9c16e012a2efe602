#include "report/comparison_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"
#include "report/results_text.h"
#include "report/statistics_text.h"

namespace actrec {
namespace {

constexpr double kSignificant = 0.05;
constexpr std::size_t kMostChanges = 10;  // in the text

std::string row(const ComparisonResult& result, const char* name, double Figures::*figure,
                Interval ConfidenceIntervals::*interval) {
  std::string text = fmt::format("{}  {:.4f}  {:.4f}  {:+.4f}", pad(name, 19), result.first.figures.*figure,
                                 result.second.figures.*figure, result.difference.*figure);
  if (result.intervals) {
    const Interval& range = (*result.intervals).*interval;
    text += fmt::format("  {:+.4f} to {:+.4f}", range.low, range.high);
  }
  return text + '\n';
}

std::string verdict(const ComparisonResult& result) {
  const std::string clips = format_count(result.clips, "clip");
  if (!is_distinguishable(result)) return fmt::format("A and B are not distinguishable on these {}", clips);
  return result.difference.top1 > 0 ? "B is better than A" : "A is better than B";
}

std::string changes_text(const std::vector<ChangedClip>& changed) {
  if (changed.empty()) return "all predictions are the same\n";
  std::string text = fmt::format("predictions differ for {}\n",
                                 format_count(static_cast<std::int64_t>(changed.size()), "clip"));
  for (std::size_t i = 0; i < std::min(changed.size(), kMostChanges); ++i) {
    const ChangedClip& clip = changed[i];
    text += fmt::format("  {}: {}; A {}, B {}\n", clip.name, clip.label, clip.first, clip.second);
  }
  if (changed.size() > kMostChanges)
    text += fmt::format("  and {} more, see --json\n", changed.size() - kMostChanges);
  return text;
}

nlohmann::ordered_json to_json(const Figures& figures) {
  return {{"top1", figures.top1},
          {"mean_class_accuracy", figures.mean_class_accuracy},
          {"macro_f1", figures.macro_f1}};
}

nlohmann::ordered_json to_json(const ComparedResult& one) {
  nlohmann::ordered_json json = {{"name", one.name}};
  json.update(to_json(one.figures));
  return json;
}

}  // namespace

bool is_distinguishable(const ComparisonResult& result) {
  if (result.p_value >= kSignificant) return false;
  return !result.intervals || result.intervals->top1.low > 0 || result.intervals->top1.high < 0;
}

std::string comparison_text(const ComparisonResult& result) {
  std::string text = fmt::format("A  {}\nB  {}\n\n", result.first.name, result.second.name);
  text += fmt::format("{}       A       B    B - A\n", pad(format_count(result.clips, "clip"), 19));
  text += row(result, "top-1 accuracy", &Figures::top1, &ConfidenceIntervals::top1);
  text += row(result, "mean class accuracy", &Figures::mean_class_accuracy,
              &ConfidenceIntervals::mean_class_accuracy);
  text += row(result, "macro F1", &Figures::macro_f1, &ConfidenceIntervals::macro_f1);
  if (result.intervals) text += bootstrap_text(result.intervals->bootstrap) + '\n';
  text +=
      fmt::format("\nright: both {}, only A {}, only B {}, none {}; exact McNemar test: p = {:.4f}\n{}\n\n{}",
                  result.both_right, result.only_first, result.only_second, result.both_wrong, result.p_value,
                  verdict(result), changes_text(result.changed));
  return text;
}

nlohmann::ordered_json comparison_json(const ComparisonResult& result) {
  nlohmann::ordered_json json = {{"a", to_json(result.first)}, {"b", to_json(result.second)}};
  if (result.split) json["split"] = split_json(*result.split);
  json["clips"] = result.clips;
  json["difference"] = to_json(result.difference);
  if (result.intervals) json["confidence_intervals"] = intervals_json(*result.intervals);
  json["mcnemar"] = {{"both_right", result.both_right},
                     {"only_a", result.only_first},
                     {"only_b", result.only_second},
                     {"both_wrong", result.both_wrong},
                     {"p_value", result.p_value}};
  const bool clear = is_distinguishable(result);
  json["distinguishable"] = clear;
  if (clear) json["better"] = result.difference.top1 > 0 ? "b" : "a";
  json["changed"] = nlohmann::ordered_json::array();
  for (const ChangedClip& clip : result.changed) {
    json["changed"].push_back(
        {{"clip", clip.name}, {"label", clip.label}, {"a", clip.first}, {"b", clip.second}});
  }
  return json;
}

}  // namespace actrec
