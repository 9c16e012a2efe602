#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "engine/results.h"

namespace actrec {

// A cross-validation as people read it, and as scripts do. The keys of the JSON form are fixed; top1,
// top1_std and the pooled figures are there only once all folds are finished.
std::string crossval_text(const CrossValidationState& state);
nlohmann::ordered_json crossval_json(const CrossValidationState& state);

}  // namespace actrec
