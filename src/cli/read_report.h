#pragma once

#include <filesystem>

#include "engine/comparison.h"

namespace actrec {

// Reads metrics.json and predictions.csv of a directory that `evaluate --report` wrote. Throws DataError
// naming the file where one is missing, damaged, or not of the same evaluation.
Comparand read_report(const std::filesystem::path& directory);

}  // namespace actrec
