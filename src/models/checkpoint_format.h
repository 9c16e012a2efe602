#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "config/settings.h"

namespace actrec {

// The parts of a checkpoint's metadata that models read on their own; engine/checkpoint.h has the whole.

inline constexpr const char* kCheckpointFormat = "actrec checkpoint";

bool is_checkpoint(const std::map<std::string, std::string>& metadata);

// The JSON document under a key of the metadata. Throws std::exception where the key is missing, and where
// its text is no JSON, nests without end or gives a key twice.
nlohmann::ordered_json metadata_document(const std::map<std::string, std::string>& metadata,
                                         const std::string& key);

// Throws std::exception where these are not three means and three positive deviations.
PixelStatistics pixel_statistics(const nlohmann::ordered_json& mean, const nlohmann::ordered_json& std);

}  // namespace actrec
