#pragma once

#include <string>
#include <vector>

#include "engine/results.h"

namespace actrec {

// A row per clip: clip, group, label, prediction, and the probability of each class in a column of its name.
// RFC 4180, as data/csv.h reads it; a class named like one of the first columns gets "p(NAME)".
std::string predictions_csv(const EvaluationResult& result);

// A row per true class, a column per prediction: numbers of clips.
std::string confusion_csv(const EvaluationResult& result);

}  // namespace actrec
