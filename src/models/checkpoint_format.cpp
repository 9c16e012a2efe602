#include "models/checkpoint_format.h"

#include <cmath>
#include <stdexcept>

#include "config/json_text.h"
#include "core/error.h"

namespace actrec {

bool is_checkpoint(const std::map<std::string, std::string>& metadata) {
  const auto format = metadata.find("format");
  return format != metadata.end() && format->second == kCheckpointFormat;
}

nlohmann::ordered_json metadata_document(const std::map<std::string, std::string>& metadata,
                                         const std::string& key) {
  try {
    ParsedJson parsed = parse_json(metadata.at(key), key);
    if (parsed.duplicate_keys.empty()) return std::move(parsed.document);
  } catch (const ConfigError&) {  // its text is of no use to people who did not write the file
  }
  throw std::invalid_argument(key);
}

PixelStatistics pixel_statistics(const nlohmann::ordered_json& mean, const nlohmann::ordered_json& std) {
  PixelStatistics statistics;
  statistics.mean = mean.get<std::array<double, 3>>();
  statistics.std = std.get<std::array<double, 3>>();
  for (std::size_t c = 0; c < 3; ++c) {
    if (!std::isfinite(statistics.mean[c]) || !(statistics.std[c] > 0) || !std::isfinite(statistics.std[c])) {
      throw std::out_of_range("pixel statistics");
    }
  }
  return statistics;
}

}  // namespace actrec
