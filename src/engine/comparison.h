#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/results.h"

namespace actrec {

// The two-sided p-value of McNemar's exact test, which asks whether a coin decided about the clips that only
// one of two classifiers got right (Dietterich 1998, "Approximate statistical tests for comparing supervised
// classification learning algorithms"). It takes clips as independent.
double exact_mcnemar(std::int64_t only_first, std::int64_t only_second);

// One result to compare: what it is called, and the class names of its predictions.
struct Comparand {
  std::string name;
  std::vector<std::string> classes;
  std::vector<ClipPrediction> predictions;
  std::optional<SplitInfo> split;
};

// Throws DataError naming both where their splits have other fingerprints or names.
void require_same_split(const Comparand& first, const Comparand& second);

// Compares two results clip by clip; the order of clips and classes does not matter. Groups are those of
// `first`. Throws DataError naming both where their splits differ, or where classes, clips
// or labels are not the same.
ComparisonResult compare_results(const Comparand& first, const Comparand& second);

}  // namespace actrec
