#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "engine/results.h"

namespace actrec {

// The parts of an evaluation that say how far its figures can be trusted, as people read them and as scripts
// do. The keys of the JSON forms are fixed.

// "0.5123 to 0.7012"
std::string interval_text(const Interval& interval);

// "95 % intervals: bootstrap over 12 groups", with a word of caution where there are few.
std::string bootstrap_text(const Bootstrap& bootstrap);

// "0.0712 (0.1834 before temperature 1.73)"
std::string calibration_text(const Calibration& calibration);

nlohmann::ordered_json intervals_json(const ConfidenceIntervals& intervals);
nlohmann::ordered_json calibration_json(const Calibration& calibration);
nlohmann::ordered_json split_json(const SplitInfo& split);

// Throws std::exception where it is not what split_json() gave.
SplitInfo split_from_json(const nlohmann::ordered_json& json);

}  // namespace actrec
