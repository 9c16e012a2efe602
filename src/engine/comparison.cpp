#include "engine/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.h"
#include "core/text.h"
#include "engine/bootstrap.h"

namespace actrec {
namespace {

Figures minus(const Figures& a, const Figures& b) {
  return {a.top1 - b.top1, a.mean_class_accuracy - b.mean_class_accuracy, a.macro_f1 - b.macro_f1};
}

std::string describe(const Comparand& one) {
  return one.split ? fmt::format("{} ({} split of {}, {})", one.name, one.split->name, one.split->data,
                                 one.split->fingerprint)
                   : one.name;
}

// The predictions of `other`, in the order of `first` and with its class numbers.
std::vector<ClipPrediction> aligned(const Comparand& first, const Comparand& other) {
  std::map<std::string, const ClipPrediction*> by_name;
  for (const ClipPrediction& clip : other.predictions) by_name[clip.name] = &clip;
  std::vector<std::int64_t> number_of;  // of each class of `other` in `first`
  for (const std::string& name : other.classes) {
    number_of.push_back(std::find(first.classes.begin(), first.classes.end(), name) - first.classes.begin());
  }
  std::vector<ClipPrediction> result;
  std::vector<std::string> problems;
  const auto is_known = [&](const std::string& name) { return by_name.count(name) > 0; };
  for (const ClipPrediction& clip : first.predictions) {
    if (!is_known(clip.name)) {
      problems.push_back(fmt::format("'{}' is only in {}", clip.name, first.name));
      continue;
    }
    const ClipPrediction& same = *by_name[clip.name];
    result.push_back(clip);
    result.back().label = number_of[static_cast<std::size_t>(same.label)];
    result.back().prediction = number_of[static_cast<std::size_t>(same.prediction)];
    if (result.back().label != clip.label) problems.push_back(fmt::format("'{}' has two labels", clip.name));
    by_name.erase(clip.name);
  }
  for (const auto& [name, clip] : by_name)
    problems.push_back(fmt::format("'{}' is only in {}", name, other.name));
  if (!problems.empty()) {
    constexpr std::size_t kMost = 3;
    const std::size_t more = problems.size() - std::min(problems.size(), kMost);
    problems.resize(problems.size() - more);
    throw DataError(fmt::format("{} and {} are not of the same clips: {}{}", first.name, other.name,
                                join(problems, ", "), more > 0 ? fmt::format(" and {} more", more) : ""),
                    "compare results on the same split of the same data");
  }
  return result;
}

void require_same_classes(const Comparand& first, const Comparand& second) {
  std::vector<std::string> one = first.classes, other = second.classes;
  std::sort(one.begin(), one.end());
  std::sort(other.begin(), other.end());
  if (one == other) return;
  throw DataError(fmt::format("{} and {} have different classes: {}; {}", first.name, second.name,
                              shorten(join(one, ", "), 200), shorten(join(other, ", "), 200)),
                  "compare models of the same classes");
}

}  // namespace

void require_same_split(const Comparand& first, const Comparand& second) {
  if (!first.split || !second.split) return;
  if (first.split->fingerprint == second.split->fingerprint && first.split->name == second.split->name)
    return;
  throw DataError(
      fmt::format("{} and {} are of different splits", describe(first), describe(second)),
      "compare models that were trained with the same data, data.split and train.seed, or evaluate both on "
      "data that neither has seen: --data PATH");
}

double exact_mcnemar(std::int64_t only_first, std::int64_t only_second) {
  const std::int64_t count = only_first + only_second, fewer = std::min(only_first, only_second);
  const auto n = static_cast<double>(count);
  double tail = 0;  // P(X <= fewer), X binomial with n trials of 1/2
  for (std::int64_t k = 0; k <= fewer; ++k) {
    const auto x = static_cast<double>(k);
    tail += std::exp(std::lgamma(n + 1) - std::lgamma(x + 1) - std::lgamma(n - x + 1) - n * std::log(2.0));
  }
  return std::min(1.0, 2 * tail);
}

ComparisonResult compare_results(const Comparand& first, const Comparand& second) {
  require_same_split(first, second);
  require_same_classes(first, second);
  const std::vector<ClipPrediction>& ours = first.predictions;
  const std::vector<ClipPrediction> theirs = aligned(first, second);

  ComparisonResult result;
  result.split = first.split && second.split ? first.split : std::nullopt;
  result.clips = static_cast<std::int64_t>(ours.size());
  const Figures a = figures_of(ours), b = figures_of(theirs);
  result.first = {first.name, a};
  result.second = {second.name, b};
  result.difference = minus(b, a);
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const bool one = ours[i].right(), other = theirs[i].right();
    ++(one ? (other ? result.both_right : result.only_first)
           : (other ? result.only_second : result.both_wrong));
    if (ours[i].prediction == theirs[i].prediction) continue;
    const auto name_of = [&](std::int64_t k) { return first.classes[static_cast<std::size_t>(k)]; };
    result.changed.push_back(
        {ours[i].name, name_of(ours[i].label), name_of(ours[i].prediction), name_of(theirs[i].prediction)});
  }
  result.p_value = exact_mcnemar(result.only_first, result.only_second);
  result.intervals = bootstrap_intervals(ours, [&](const std::vector<std::int64_t>& weights) {
    return minus(figures_of(theirs, weights), figures_of(ours, weights));
  });
  return result;
}

}  // namespace actrec
