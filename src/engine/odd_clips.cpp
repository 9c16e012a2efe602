#include "engine/odd_clips.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

namespace actrec {
namespace {

constexpr std::size_t kFewestClips = 5;
constexpr double kDeviations = 5;
constexpr double kDeviationOfMad = 1.4826;  // of a normal distribution

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

struct Measure {
  std::function<double(const ClipFacts&)> value;  // 0: not known
  double factor;
  std::function<std::string(const ClipFacts&, double median)> describe;
};

void find(const std::vector<MeasuredClip>& clips, const Measure& measure, std::vector<OddClip>& odd) {
  std::vector<std::pair<const MeasuredClip*, double>> logs;
  std::vector<double> values;
  for (const MeasuredClip& one : clips) {
    const double value = measure.value(*one.facts);
    if (value <= 0) continue;
    logs.emplace_back(&one, std::log(value));
    values.push_back(std::log(value));
  }
  if (values.size() < kFewestClips) return;
  const double median = median_of(values);
  for (double& value : values) value = std::abs(value - median);
  const double far = std::max(std::log(measure.factor), kDeviations * kDeviationOfMad * median_of(values));
  for (const auto& [one, value] : logs) {
    if (std::abs(value - median) > far)
      odd.push_back({one->clip->name, measure.describe(*one->facts, std::exp(median))});
  }
}

// Being off by a few is common and harmless.
bool is_cut_short(const MeasuredClip& one) {
  const std::int64_t claimed = one.clip->whole() ? one.facts->header_frames : 0;
  return static_cast<double>(one.facts->frames) < 0.9 * static_cast<double>(claimed) &&
         one.facts->frames + 3 <= claimed;
}

}  // namespace

std::vector<OddClip> find_odd_clips(const std::vector<MeasuredClip>& clips) {
  std::vector<OddClip> odd;
  find(clips,
       {[](const ClipFacts& facts) { return static_cast<double>(facts.frames); }, 4,
        [](const ClipFacts& facts, double median) {
          return fmt::format("{} frames, the median is {:.0f}", facts.frames, median);
        }},
       odd);
  find(clips,
       {[](const ClipFacts& facts) { return double{1} * facts.width * facts.height; }, 2.5,
        [](const ClipFacts& facts, double median) {
          return fmt::format("{}x{}, {} pixels, the median is {:.0f}", facts.width, facts.height,
                             facts.width * facts.height, median);
        }},
       odd);
  find(clips,
       {[](const ClipFacts& facts) { return double{1} * facts.width / std::max(1, facts.height); }, 1.5,
        [](const ClipFacts& facts, double median) {
          return fmt::format("{}x{}, {:.2f} times as wide as high, the median is {:.2f}", facts.width,
                             facts.height, double{1} * facts.width / std::max(1, facts.height), median);
        }},
       odd);
  find(clips,
       {[](const ClipFacts& facts) { return facts.frames_per_second; }, 1.5,
        [](const ClipFacts& facts, double median) {
          return fmt::format("{:.4g} frames/s, the median is {:.4g}", facts.frames_per_second, median);
        }},
       odd);
  for (const MeasuredClip& one : clips) {
    if (!is_cut_short(one)) continue;
    odd.push_back({one.clip->name, fmt::format("{} of the {} frames that its header claims can be decoded",
                                               one.facts->frames, one.facts->header_frames)});
  }
  std::stable_sort(odd.begin(), odd.end(),
                   [](const OddClip& a, const OddClip& b) { return a.clip < b.clip; });
  return odd;
}

}  // namespace actrec
