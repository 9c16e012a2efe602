#include "engine/calibration.h"

#include <gtest/gtest.h>

#include <cmath>

namespace actrec {
namespace {

ClipPrediction clip(std::int64_t label, std::vector<double> probabilities) {
  ClipPrediction result;
  result.label = label;
  for (std::size_t k = 1; k < probabilities.size(); ++k) {
    if (probabilities[k] > probabilities[static_cast<std::size_t>(result.prediction)])
      result.prediction = static_cast<std::int64_t>(k);
  }
  result.probabilities = std::move(probabilities);
  return result;
}

// `right` of `count` two-class clips whose prediction has the probability `confidence`.
std::vector<ClipPrediction> clips(int count, int right, double confidence) {
  std::vector<ClipPrediction> result;
  for (int i = 0; i < count; ++i) result.push_back(clip(i < right ? 0 : 1, {confidence, 1 - confidence}));
  return result;
}

TEST(Temperature, BringsConfidenceToTheAccuracy) {
  // 1000 clips of confidence 0.9, of which 70 % are right. The best temperature gives the mean target, which
  // is 0.7 but for 1/(N+2) shared with the other class.
  const auto predictions = clips(1000, 700, 0.9);
  const double target = 0.7 * (1 - 1.0 / 1002) + 0.3 / 1002;
  const double expected = std::log(9) / std::log(target / (1 - target));
  EXPECT_NEAR(fit_temperature(predictions), expected, 1e-9);
}

TEST(Temperature, IsBoundedWhereAllClipsAreRight) {
  // Laplace's rule of succession: after 8 of 8, the next may be wrong with probability 1/10.
  const double temperature = fit_temperature(clips(8, 8, 0.75));
  EXPECT_NEAR(apply_temperature({0.75, 0.25}, temperature)[0], 0.9, 1e-9);
}

TEST(Temperature, IsLargestWhereTheModelIsWorseThanChance) {
  EXPECT_NEAR(fit_temperature(clips(100, 10, 0.9)), 20, 1e-6);
}

TEST(Temperature, IsOneWhereNothingIsKnown) {
  EXPECT_EQ(fit_temperature({}), 1);
  EXPECT_TRUE(std::isfinite(fit_temperature(clips(4, 2, 0.5))));
}

TEST(Temperature, SurvivesProbabilitiesOfZero) {
  const double temperature = fit_temperature({clip(0, {1, 0}), clip(1, {1, 0}), clip(1, {0, 1})});
  EXPECT_TRUE(std::isfinite(temperature));
  EXPECT_GT(temperature, 1);
  EXPECT_EQ(apply_temperature({1, 0}, 3), (std::vector<double>{1, 0}));
}

TEST(Temperature, DividesLogits) {
  // Logits 2, 1, 0 divided by 2 are 1, 0.5, 0.
  const double sum = std::exp(2) + std::exp(1) + 1, halved = std::exp(1) + std::exp(0.5) + 1;
  const std::vector<double> p = apply_temperature({std::exp(2) / sum, std::exp(1) / sum, 1 / sum}, 2);
  EXPECT_NEAR(p[0], std::exp(1) / halved, 1e-12);
  EXPECT_NEAR(p[1], std::exp(0.5) / halved, 1e-12);
  EXPECT_NEAR(p[2], 1 / halved, 1e-12);
}

TEST(CalibrationError, IsTheGapWeightedByClips) {
  auto predictions = clips(6, 3, 0.9);                                   // gap 0.4
  for (const auto& one : clips(2, 2, 0.65)) predictions.push_back(one);  // gap 0.35
  EXPECT_NEAR(expected_calibration_error(reliability_bins(predictions)), (6 * 0.4 + 2 * 0.35) / 8, 1e-12);
  EXPECT_EQ(expected_calibration_error(reliability_bins({})), 0);
}

TEST(ReliabilityBins, HoldWhatLiesAboveTheirLowerEnd) {
  const auto bins = reliability_bins({clip(0, {0.6, 0.4}), clip(0, {1, 0}), clip(0, {0.61, 0.39})});
  ASSERT_EQ(bins.size(), 15u);
  EXPECT_EQ(bins[8].clips, 1);  // (8/15, 9/15]
  EXPECT_EQ(bins[9].clips, 1);
  EXPECT_EQ(bins[14].clips, 1);
  EXPECT_DOUBLE_EQ(bins[14].confidence, 1);
}

TEST(Calibrate, ChangesProbabilitiesButNoPrediction) {
  EvaluationResult result;
  result.predictions = clips(10, 6, 0.9);
  calibrate(result, 2);
  const double p = std::sqrt(9.0) / (std::sqrt(9.0) + 1);
  EXPECT_EQ(result.predictions[0].prediction, 0);
  EXPECT_NEAR(result.predictions[0].confidence(), p, 1e-12);
  EXPECT_NEAR(result.calibration->ece_uncalibrated, 0.3, 1e-12);
  EXPECT_NEAR(result.calibration->ece, p - 0.6, 1e-12);
  EXPECT_NEAR(result.calibration->loss, -(0.6 * std::log(p) + 0.4 * std::log(1 - p)), 1e-12);
  EXPECT_EQ(result.calibration->temperature, 2);
}

}  // namespace
}  // namespace actrec
