#include "engine/metrics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace actrec {
namespace {

double ratio(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::vector<double> softmax(const float* logits, std::size_t count, double temperature) {
  const double highest = *std::max_element(logits, logits + count);
  std::vector<double> probabilities(count);
  double sum = 0;
  for (std::size_t k = 0; k < count; ++k)
    sum += probabilities[k] = std::exp((logits[k] - highest) / temperature);
  for (double& probability : probabilities) probability /= sum;
  return probabilities;
}

std::size_t predicted_class(const float* logits, std::size_t count) {
  std::size_t best = 0;
  for (std::size_t k = 1; k < count; ++k) {
    if (logits[k] > logits[best]) best = k;
  }
  return best;
}

ClassificationMeter::ClassificationMeter(std::vector<std::string> classes)
    : classes_(std::move(classes)), confusion_(classes_.size(), std::vector<std::int64_t>(classes_.size())) {}

void ClassificationMeter::add(std::int64_t label, const float* logits) {
  const auto count = static_cast<std::int64_t>(classes_.size());
  const std::size_t prediction = predicted_class(logits, classes_.size());
  std::int64_t rank = 0;  // classes ahead of the true one
  double sum = 0;
  const double highest = *std::max_element(logits, logits + count);
  for (std::int64_t k = 0; k < count; ++k) {
    const bool behind = logits[k] < logits[label] || (logits[k] == logits[label] && k > label);
    if (k != label && !behind) ++rank;  // in this form, a label whose logit is NaN comes last
    sum += std::exp(logits[k] - highest);
  }
  ++confusion_[static_cast<std::size_t>(label)][prediction];
  ++clips_;
  top5_hits_ += rank < 5 ? 1 : 0;
  loss_sum_ += highest + std::log(sum) - logits[label];
  predictions_.push_back(
      {"", "", label, static_cast<std::int64_t>(prediction), softmax(logits, classes_.size())});
}

EvaluationResult ClassificationMeter::result() const {
  EvaluationResult result = evaluation_of(classes_, confusion_, ratio(top5_hits_, clips_),
                                          clips_ == 0 ? 0.0 : loss_sum_ / static_cast<double>(clips_));
  result.predictions = predictions_;
  return result;
}

EvaluationResult evaluation_of(std::vector<std::string> classes,
                               std::vector<std::vector<std::int64_t>> confusion, double top5, double loss) {
  EvaluationResult result;
  result.classes = std::move(classes);
  result.confusion = std::move(confusion);
  for (const auto& row : result.confusion)
    result.clips = std::accumulate(row.begin(), row.end(), result.clips);
  if (result.clips == 0) return result;
  const std::size_t count = result.classes.size();
  std::int64_t hits = 0, classes_with_clips = 0;
  for (std::size_t k = 0; k < count; ++k) {
    std::int64_t support = 0, predicted = 0;
    for (std::size_t other = 0; other < count; ++other) {
      support += result.confusion[k][other];
      predicted += result.confusion[other][k];
    }
    const std::int64_t right = result.confusion[k][k];
    ClassResult one{result.classes[k], support, ratio(right, predicted), ratio(right, support),
                    ratio(2 * right, support + predicted)};
    hits += right;
    if (support > 0) {
      ++classes_with_clips;
      result.mean_class_accuracy += one.recall;
      result.macro_f1 += one.f1;
    }
    result.per_class.push_back(std::move(one));
  }
  result.top1 = ratio(hits, result.clips);
  result.top5 = top5;
  result.mean_class_accuracy /= static_cast<double>(classes_with_clips);
  result.macro_f1 /= static_cast<double>(classes_with_clips);
  result.loss = loss;
  return result;
}

EvaluationResult pool_evaluations(const std::vector<EvaluationResult>& parts) {
  std::vector<std::vector<std::int64_t>> confusion = parts.at(0).confusion;
  for (auto& row : confusion) std::fill(row.begin(), row.end(), 0);
  std::int64_t clips = 0;
  double top5 = 0, loss = 0;
  for (const EvaluationResult& part : parts) {
    for (std::size_t row = 0; row < confusion.size(); ++row) {
      for (std::size_t column = 0; column < confusion.size(); ++column)
        confusion[row][column] += part.confusion[row][column];
    }
    clips += part.clips;
    top5 += part.top5 * static_cast<double>(part.clips);
    loss += part.loss * static_cast<double>(part.clips);
  }
  const auto weight = static_cast<double>(std::max<std::int64_t>(clips, 1));
  EvaluationResult pooled =
      evaluation_of(parts[0].classes, std::move(confusion), top5 / weight, loss / weight);
  for (const EvaluationResult& part : parts)
    pooled.skipped.insert(pooled.skipped.end(), part.skipped.begin(), part.skipped.end());
  return pooled;
}

}  // namespace actrec
