#include "engine/bootstrap.h"

#include <algorithm>
#include <map>
#include <string>

#include "core/random.h"

namespace actrec {
namespace {

constexpr int kResamples = 2000;
constexpr std::size_t kFewestGroups = 5;
constexpr double kOutside = 0.025;  // of the resamples, on either side of the interval
constexpr std::uint64_t kSeed = 1;

// The unit of each clip, numbered in the order in which they first appear.
std::vector<std::size_t> units_of(const std::vector<ClipPrediction>& clips, Bootstrap& bootstrap) {
  std::map<std::string, std::size_t> number_of;
  std::vector<std::size_t> groups, each;
  for (const ClipPrediction& clip : clips) {
    groups.push_back(number_of.emplace(clip.group, number_of.size()).first->second);
    each.push_back(each.size());
  }
  bootstrap.by_group = number_of.count("") == 0 && number_of.size() >= kFewestGroups;
  bootstrap.resamples = kResamples;
  bootstrap.units = static_cast<std::int64_t>(bootstrap.by_group ? number_of.size() : clips.size());
  return bootstrap.by_group ? groups : each;
}

// Between order statistics, linearly.
double percentile(const std::vector<double>& sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

Interval interval_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {percentile(values, kOutside), percentile(values, 1 - kOutside)};
}

}  // namespace

Figures figures_of(const std::vector<ClipPrediction>& clips, const std::vector<std::int64_t>& weights) {
  const std::size_t classes = clips.front().probabilities.size();
  std::vector<std::int64_t> support(classes), predicted(classes), right(classes);
  std::int64_t count = 0, hits = 0;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    const auto label = static_cast<std::size_t>(clips[i].label);
    const auto prediction = static_cast<std::size_t>(clips[i].prediction);
    support[label] += weights[i];
    predicted[prediction] += weights[i];
    if (clips[i].right()) right[label] += weights[i];
    count += weights[i];
    hits += clips[i].right() ? weights[i] : 0;
  }
  Figures figures;
  double with_clips = 0;
  for (std::size_t k = 0; k < classes; ++k) {
    if (support[k] == 0) continue;
    ++with_clips;
    figures.mean_class_accuracy += static_cast<double>(right[k]) / static_cast<double>(support[k]);
    figures.macro_f1 += 2 * static_cast<double>(right[k]) / static_cast<double>(support[k] + predicted[k]);
  }
  figures.top1 = static_cast<double>(hits) / static_cast<double>(count);
  figures.mean_class_accuracy /= with_clips;
  figures.macro_f1 /= with_clips;
  return figures;
}

Figures figures_of(const std::vector<ClipPrediction>& clips) {
  return figures_of(clips, std::vector<std::int64_t>(clips.size(), 1));
}

std::optional<ConfidenceIntervals> bootstrap_intervals(const std::vector<ClipPrediction>& clips,
                                                       const Measure& measure) {
  ConfidenceIntervals intervals;
  const std::vector<std::size_t> unit_of = units_of(clips, intervals.bootstrap);
  if (intervals.bootstrap.units < 2) return std::nullopt;
  const auto units = static_cast<std::size_t>(intervals.bootstrap.units);
  std::vector<std::int64_t> drawn(units), weights(clips.size());
  std::vector<double> top1, mean_class_accuracy, macro_f1;
  for (int i = 0; i < kResamples; ++i) {
    KeyedRandom random(kSeed, Purpose::bootstrap, static_cast<std::uint32_t>(i));
    std::fill(drawn.begin(), drawn.end(), 0);
    for (std::size_t k = 0; k < units; ++k) ++drawn[random.below(units)];
    for (std::size_t k = 0; k < clips.size(); ++k) weights[k] = drawn[unit_of[k]];
    const Figures figures = measure(weights);
    top1.push_back(figures.top1);
    mean_class_accuracy.push_back(figures.mean_class_accuracy);
    macro_f1.push_back(figures.macro_f1);
  }
  intervals.top1 = interval_of(std::move(top1));
  intervals.mean_class_accuracy = interval_of(std::move(mean_class_accuracy));
  intervals.macro_f1 = interval_of(std::move(macro_f1));
  return intervals;
}

std::optional<ConfidenceIntervals> confidence_intervals(const std::vector<ClipPrediction>& clips) {
  return bootstrap_intervals(
      clips, [&](const std::vector<std::int64_t>& weights) { return figures_of(clips, weights); });
}

}  // namespace actrec
