#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.h"
#include "data/dataset_index.h"
#include "data/splits.h"
#include "engine/evaluator.h"
#include "engine/results.h"

// k-fold cross-validation: every fold is an ordinary training run, tested once on clips that it has never
// seen. What is kept on disk: one directory a run with its checkpoints, and in it result.json once the run
// has been tested.

namespace actrec {

// One training run of a cross-validation.
struct FoldRun {
  int fold = 0;             // from 0, as data.split.fold
  std::uint64_t seed = 0;   // train.seed, which also divides the clips into the folds
  std::string directory;    // its name within the cross-validation's directory: "fold-0", "fold-0-seed-2"
  std::string fingerprint;  // of its splits
};

// The runs for every fold and for the seeds train.seed, train.seed + 1, ...; settings.data.split.folds says
// how many folds. All of them are divided here, so that a fold that cannot be made is found before any is
// trained. Throws DataError (fewer groups than folds, a fold without training clips of a class, only given
// splits and no groups), ConfigError (data.split.by is given).
std::vector<FoldRun> plan_folds(const Settings& settings, const DatasetIndex& index, int seeds);

// `settings` for one of the runs.
Settings settings_of(const FoldRun& run, Settings settings);

// Evaluates the best checkpoint of a run, which was trained with `settings` on `splits`, on its test split.
FoldResult test_fold(const Settings& settings, const DataSplits& splits, const TrainingSummary& summary,
                     const Progress& progress = {});

// All runs together; the folds of one seed stand together.
CrossValidationResult summarize_folds(std::vector<FoldResult> folds);

double mean(const std::vector<double>& values);
// Of a sample: divides by n - 1; 0 for fewer than two values.
double standard_deviation(const std::vector<double>& values);

}  // namespace actrec
