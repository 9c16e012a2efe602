#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "engine/results.h"

namespace actrec {

// Two results on the same clips, as people read them and as scripts do. The keys of the JSON form are fixed.
std::string comparison_text(const ComparisonResult& result);
nlohmann::ordered_json comparison_json(const ComparisonResult& result);

// Whether the difference in top-1 is more than chance: McNemar's p-value is below 0.05, and the interval,
// which knows of groups, leaves out 0.
bool is_distinguishable(const ComparisonResult& result);

}  // namespace actrec
