#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "engine/results.h"

namespace actrec {

// What of a clip the model needs (see AblationResult), as a table and a sentence, and as the keys `baselines`
// and `order` of the JSON form, whose names are fixed. `result` must have an ablation.
std::string ablation_text(const EvaluationResult& result);
nlohmann::ordered_json baselines_json(const AblationResult& ablation);
nlohmann::ordered_json order_json(const AblationResult& ablation);

// Whether the accuracy with the changed input differs from that without by more than chance gives: by more
// than two standard errors of the paired difference (McNemar 1947).
bool is_distinguishable(const InputTest& test);

// Whether the model uses time, in one sentence.
std::string time_sentence(const EvaluationResult& result);

}  // namespace actrec
