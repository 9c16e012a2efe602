#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "engine/results.h"

// How much the figures of a sample of clips say about other clips. Everything here is a pure function of the
// predictions.

namespace actrec {

// The figures of clips that are there `weights` times each, or once.
Figures figures_of(const std::vector<ClipPrediction>& clips, const std::vector<std::int64_t>& weights);
Figures figures_of(const std::vector<ClipPrediction>& clips);

// 95 % confidence intervals of what `measure` makes of the clips' weights in a resample: percentiles of a
// bootstrap over groups where every clip has one, else over clips (Efron & Tibshirani 1993, chapter 13). A
// resample draws as many groups as there are, with replacement, and takes all clips of each. Over clips also
// with fewer than five groups, whose few possible resamples say less than clips do. None with one clip.
using Measure = std::function<Figures(const std::vector<std::int64_t>& weights)>;
std::optional<ConfidenceIntervals> bootstrap_intervals(const std::vector<ClipPrediction>& clips,
                                                       const Measure& measure);

// Those of figures_of().
std::optional<ConfidenceIntervals> confidence_intervals(const std::vector<ClipPrediction>& clips);

}  // namespace actrec
