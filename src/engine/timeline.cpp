#include "engine/timeline.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace actrec {
namespace {

// Centres come from sums; whether one lies within half the smoothing is not to depend on the last bit.
constexpr double kSlack = 1e-6;

// A run of neighbouring windows with one label.
struct Run {
  double begin = 0, end = 0;
  std::size_t label = 0;
  double weighted = 0,
         weight = 0;  // of the probability, by seconds of the windows that have the label themselves

  double length() const { return end - begin; }
};

void append(std::vector<Run>& runs, const Run& next) {
  if (runs.empty() || runs.back().label != next.label) {
    runs.push_back(next);
    return;
  }
  Run& last = runs.back();
  last.end = next.end;
  last.weighted += next.weighted;
  last.weight += next.weight;
}

// The shortest run shorter than `minimum` goes to a neighbour; false where there is none.
bool absorb_shortest(std::vector<Run>& runs, double minimum) {
  const auto shortest = std::min_element(
      runs.begin(), runs.end(), [](const Run& a, const Run& b) { return a.length() < b.length() - kSlack; });
  if (runs.size() < 2 || shortest->length() >= minimum - kSlack) return false;
  const bool has_before = shortest != runs.begin(), has_after = shortest + 1 != runs.end();
  const bool to_before =
      has_before && (!has_after || (shortest - 1)->length() >= (shortest + 1)->length() - kSlack);
  if (to_before) {
    (shortest - 1)->end = shortest->end;
  } else {
    (shortest + 1)->begin = shortest->begin;
  }
  runs.erase(shortest);
  std::vector<Run> joined;
  for (const Run& run : runs) append(joined, run);
  runs = std::move(joined);
  return true;
}

}  // namespace

void TimelineBuilder::add(double centre_seconds, std::vector<double> probabilities) {
  for (std::size_t k = 0; k < sums_.size(); ++k) sums_[k] += probabilities[k];
  near_.push_back({centre_seconds, std::move(probabilities)});
  settle(centre_seconds - options_.smooth_seconds / 2 - kSlack);
}

std::vector<double> TimelineBuilder::mean() const {
  std::vector<double> mean = sums_;
  for (double& value : mean) value /= static_cast<double>(smoothed_.size() + near_.size() - unsettled_);
  return mean;
}

// Smooths the windows whose centre is before `until`: all that lies around them is there.
void TimelineBuilder::settle(double until) {
  const double reach = options_.smooth_seconds / 2 + kSlack;
  for (; unsettled_ < near_.size() && near_[unsettled_].centre < until; ++unsettled_) {
    const double centre = near_[unsettled_].centre;
    while (near_.front().centre < centre - reach) {
      near_.pop_front();
      --unsettled_;
    }
    std::vector<double> sum(classes_.size(), 0);
    double count = 0;
    for (const Waiting& window : near_) {
      if (window.centre > centre + reach) break;
      ++count;
      for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += window.probabilities[k];
    }
    const auto best = std::max_element(sum.begin(), sum.end());
    const double probability = *best / count;
    const bool known = probability >= options_.threshold;
    smoothed_.push_back(
        {centre, known ? static_cast<std::size_t>(best - sum.begin()) : classes_.size(), probability});
  }
}

std::vector<TimelineSegment> TimelineBuilder::finish(double end_seconds) {
  settle(std::numeric_limits<double>::infinity());
  std::vector<Run> runs;
  double begin = 0;
  for (std::size_t i = 0; i < smoothed_.size(); ++i) {
    const Smoothed& window = smoothed_[i];
    const double end = i + 1 < smoothed_.size() ? (window.centre + smoothed_[i + 1].centre) / 2 : end_seconds;
    append(runs, {begin, end, window.label, window.probability * (end - begin), end - begin});
    begin = end;
  }
  while (absorb_shortest(runs, options_.min_duration_seconds)) {
  }
  std::vector<TimelineSegment> segments;
  for (const Run& run : runs) {
    segments.push_back({run.begin, run.end, run.label < classes_.size() ? classes_[run.label] : kUnknownLabel,
                        run.weighted / run.weight});
  }
  return segments;
}

}  // namespace actrec
