#include "engine/calibration.h"

#include <algorithm>
#include <cmath>

namespace actrec {
namespace {

constexpr std::size_t kBins = 15;
constexpr double kLeastInverse = 1.0 / 20, kLargestInverse = 20;  // of the temperature
constexpr double kLeastLogarithm = -745;                          // of what a double tells from 0

// First and second derivative of the mean cross-entropy by the inverse temperature, in which it is convex.
struct Slope {
  double first = 0, second = 0;
};

Slope slope_at(const std::vector<std::vector<double>>& logits, const std::vector<ClipPrediction>& predictions,
               double inverse) {
  const double shared = 1 / (static_cast<double>(predictions.size()) + 2);
  Slope slope;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const std::vector<double>& z = logits[i];
    const double highest = *std::max_element(z.begin(), z.end());
    double sum = 0, mean = 0, square = 0, others = 0;
    for (const double value : z) {
      const double weight = std::exp(inverse * (value - highest));
      sum += weight;
      mean += weight * value;
      square += weight * value * value;
      others += value;
    }
    mean /= sum;
    const double of_label = z[static_cast<std::size_t>(predictions[i].label)];
    others = (others - of_label) / static_cast<double>(z.size() - 1);
    slope.first += mean - (1 - shared) * of_label - shared * others;
    slope.second += square / sum - mean * mean;
  }
  return slope;
}

}  // namespace

double fit_temperature(const std::vector<ClipPrediction>& predictions) {
  if (predictions.empty()) return 1;
  std::vector<std::vector<double>> logits;
  for (const ClipPrediction& clip : predictions) {
    std::vector<double>& z = logits.emplace_back();
    for (const double p : clip.probabilities) z.push_back(std::max(std::log(p), kLeastLogarithm));
  }
  // Newton's method, kept between two bounds by bisection.
  double low = kLeastInverse, high = kLargestInverse, inverse = 1;
  for (int step = 0; step < 100; ++step) {
    const Slope slope = slope_at(logits, predictions, inverse);
    if (slope.first == 0) break;
    (slope.first > 0 ? high : low) = inverse;
    double next = inverse - slope.first / slope.second;
    if (!(next > low && next < high)) next = (low + high) / 2;
    const bool converged = std::abs(next - inverse) < 1e-12 * inverse;
    inverse = next;
    if (converged) break;
  }
  return 1 / inverse;
}

std::vector<double> apply_temperature(const std::vector<double>& probabilities, double temperature) {
  if (temperature == 1) return probabilities;
  const double highest = std::log(*std::max_element(probabilities.begin(), probabilities.end()));
  std::vector<double> changed;
  double sum = 0;
  for (const double p : probabilities)
    sum += changed.emplace_back(std::exp((std::log(p) - highest) / temperature));
  for (double& p : changed) p /= sum;
  return changed;
}

std::vector<ReliabilityBin> reliability_bins(const std::vector<ClipPrediction>& predictions) {
  std::vector<ReliabilityBin> bins(kBins);
  for (std::size_t i = 0; i < kBins; ++i) {
    bins[i].low = static_cast<double>(i) / kBins;
    bins[i].high = static_cast<double>(i + 1) / kBins;
  }
  for (const ClipPrediction& clip : predictions) {
    // The first bin whose upper end is not below the confidence; rounding may leave it above 1.
    std::size_t i = 0;
    while (i + 1 < kBins && clip.confidence() > bins[i].high) ++i;
    ++bins[i].clips;
    bins[i].confidence += clip.confidence();
    bins[i].accuracy += clip.right() ? 1 : 0;
  }
  for (ReliabilityBin& bin : bins) {
    if (bin.clips == 0) continue;
    bin.confidence /= static_cast<double>(bin.clips);
    bin.accuracy /= static_cast<double>(bin.clips);
  }
  return bins;
}

double expected_calibration_error(const std::vector<ReliabilityBin>& bins) {
  double sum = 0, clips = 0;
  for (const ReliabilityBin& bin : bins) {
    sum += static_cast<double>(bin.clips) * std::abs(bin.accuracy - bin.confidence);
    clips += static_cast<double>(bin.clips);
  }
  return clips == 0 ? 0 : sum / clips;
}

void calibrate(EvaluationResult& result, double temperature) {
  Calibration calibration;
  calibration.temperature = temperature;
  calibration.ece_uncalibrated = expected_calibration_error(reliability_bins(result.predictions));
  for (ClipPrediction& clip : result.predictions) {
    clip.probabilities = apply_temperature(clip.probabilities, temperature);
    const double of_label = clip.probabilities[static_cast<std::size_t>(clip.label)];
    calibration.loss -= std::max(std::log(of_label), kLeastLogarithm);
  }
  if (!result.predictions.empty()) calibration.loss /= static_cast<double>(result.predictions.size());
  calibration.bins = reliability_bins(result.predictions);
  calibration.ece = expected_calibration_error(calibration.bins);
  result.calibration = std::move(calibration);
}

}  // namespace actrec
