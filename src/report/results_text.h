#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "engine/results.h"

namespace actrec {

// Results as people read them, and as scripts do. The keys of the JSON forms are fixed.

nlohmann::ordered_json skipped_json(const std::vector<SkippedClip>& skipped);

std::string evaluation_text(const EvaluationResult& result);
nlohmann::ordered_json evaluation_json(const EvaluationResult& result);

std::string bench_text(const BenchResult& result);
nlohmann::ordered_json bench_json(const BenchResult& result);

std::string summary_text(const TrainingSummary& summary);

// `text` cut or filled with spaces to `width` columns, counting UTF-8 characters.
std::string pad(const std::string& text, std::size_t width);

}  // namespace actrec
