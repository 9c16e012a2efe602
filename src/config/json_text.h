#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace actrec {

struct ParsedJson {
  nlohmann::ordered_json document;
  std::vector<std::string> duplicate_keys;  // dotted; each once, in order of appearance
};

// Parses JSON with // and /* */ comments. Throws ConfigError "ORIGIN:LINE:COLUMN: what was expected" for text
// that is not JSON or nests lists and objects more than 64 levels deep; lines and columns (in characters)
// count from 1.
ParsedJson parse_json(std::string_view text, const std::string& origin);

}  // namespace actrec
