#include "report/ablation_text.h"

#include <fmt/format.h>

#include <cmath>

#include "core/text.h"
#include "report/results_text.h"

namespace actrec {
namespace {

constexpr std::size_t kLabelWidth = 25;

// "-27 points" against the unchanged clips.
std::string points(const AblationResult& ablation, const InputTest& test) {
  const long difference = std::lround(100 * (test.top1 - ablation.top1));
  return fmt::format("{}{} points", difference > 0 ? "+" : "", difference);
}

// "reversed frames: 30 % (-27 points)"
std::string measured(const AblationResult& ablation, const char* what, const InputTest& test) {
  return fmt::format("{}: {:.0f} % ({})", what, 100 * test.top1, points(ablation, test));
}

std::string row(const AblationResult& ablation, const char* what, const InputTest& test) {
  return fmt::format("{}  {:.4f}  {}\n", pad(what, kLabelWidth), test.top1, points(ablation, test));
}

}  // namespace

bool is_distinguishable(const InputTest& test) {
  const auto lost = static_cast<double>(test.lost), gained = static_cast<double>(test.gained);
  return (lost - gained) * (lost - gained) > 4 * (lost + gained);
}

std::string time_sentence(const EvaluationResult& result) {
  const AblationResult& ablation = *result.ablation;
  const std::string reversed = measured(ablation, "reversed frames", ablation.reversed);
  if (is_distinguishable(ablation.reversed)) return reversed + ": the order of frames matters";
  if (is_distinguishable(ablation.shuffled)) {
    return measured(ablation, "shuffled frames", ablation.shuffled) + ": the order of frames matters";
  }
  const std::string unclear =
      fmt::format("{}, not distinguishable with {}", reversed, format_count(result.clips, "clip"));
  if (is_distinguishable(ablation.single_frame)) {
    return fmt::format("{}; {}: the model uses several frames, but not their order", unclear,
                       measured(ablation, "one frame alone", ablation.single_frame));
  }
  return unclear + ": no sign that the model uses time";
}

std::string ablation_text(const EvaluationResult& result) {
  const AblationResult& ablation = *result.ablation;
  std::string text = fmt::format("{}   top-1\n", pad("what the model gets", kLabelWidth));
  text += fmt::format("{}  {:.4f}\n", pad("the clip", kLabelWidth), ablation.top1);
  text += row(ablation, "only its centre frame", ablation.single_frame);
  text += row(ablation, "the mean of its frames", ablation.mean_frame);
  text += row(ablation, "its frames shuffled", ablation.shuffled);
  text += row(ablation, "its frames reversed", ablation.reversed);
  if (ablation.majority_class) {
    text += fmt::format("{}  {:.4f}  always {}\n", pad("nothing", kLabelWidth), *ablation.majority_class,
                        ablation.majority_name.empty()
                            ? "the class that is the most frequent in training"
                            : ablation.majority_name + ", the most frequent in training");
  }
  text += '\n' + time_sentence(result) + '\n';
  if (!ablation.changes.empty()) {
    const PredictionChange& most = ablation.changes.front();
    text +=
        fmt::format("reversal changes {} of {} predictions, most often {} -> {} ({})\n", ablation.changed(),
                    result.clips, most.from, most.to, format_count(most.clips, "clip"));
  }
  return text;
}

nlohmann::ordered_json baselines_json(const AblationResult& ablation) {
  nlohmann::ordered_json json;
  if (ablation.majority_class) json["majority_class"] = *ablation.majority_class;
  json["single_frame"] = ablation.single_frame.top1;
  json["mean_frame"] = ablation.mean_frame.top1;
  return json;
}

nlohmann::ordered_json order_json(const AblationResult& ablation) {
  nlohmann::ordered_json json = {
      {"reversed", ablation.reversed.top1},
      {"shuffled", ablation.shuffled.top1},
      {"matters", is_distinguishable(ablation.reversed) || is_distinguishable(ablation.shuffled)},
      {"reversed_changes", ablation.changed()}};
  if (!ablation.changes.empty()) {
    const PredictionChange& most = ablation.changes.front();
    json["most_frequent_change"] = {{"from", most.from}, {"to", most.to}, {"clips", most.clips}};
  }
  return json;
}

}  // namespace actrec
