#pragma once

#include <string>

#include "engine/results.h"

namespace actrec {

// The confusion matrix as a PNG file: a row per true class, a column per prediction, the darker the larger
// its share of the true class; right predictions blue, wrong ones orange. Numbers of clips stand in the cells
// of matrices of up to 40 classes.
std::string confusion_png(const EvaluationResult& result);

}  // namespace actrec
