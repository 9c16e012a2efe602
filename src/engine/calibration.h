#pragma once

#include <vector>

#include "engine/results.h"

// Probabilities that mean what they say (Guo et al., "On calibration of modern neural networks", ICML 2017).
// Logarithms of probabilities stand for the logits they came from, which differ by a constant only.

namespace actrec {

// The temperature, 0.05 to 20, with which logits that have been divided by it fit the labels best by
// cross-entropy. Each label counts for 1 - 1/(N+2) and the other classes share the rest: so certainty is
// bounded by what N clips can show, even where all are right (Platt 1999, "Probabilistic outputs for support
// vector machines", section 2.2). The probabilities must be those of temperature 1. 1 without clips.
double fit_temperature(const std::vector<ClipPrediction>& predictions);

// What probabilities of temperature 1 become. The order of classes stays.
std::vector<double> apply_temperature(const std::vector<double>& probabilities, double temperature);

// 15 bins by the probability of the prediction.
std::vector<ReliabilityBin> reliability_bins(const std::vector<ClipPrediction>& predictions);

// The mean difference between accuracy and confidence over all clips, bin by bin.
double expected_calibration_error(const std::vector<ReliabilityBin>& bins);

// Applies the temperature to result.predictions, whose probabilities are those of temperature 1, and fills in
// result.calibration.
void calibrate(EvaluationResult& result, double temperature);

}  // namespace actrec
