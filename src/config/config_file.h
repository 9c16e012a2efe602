#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/settings.h"

namespace actrec {

// Where a run's settings come from.
struct ConfigSource {
  std::filesystem::path file;          // a JSON file (comments allowed, "extends": "other.json" or a list); empty: defaults
  std::vector<std::string> overrides;  // KEY=VALUE from --set, applied last, for example "train.epochs=3"
};

// Reads, merges and checks. Relative paths are resolved: in a file against that file's directory, in an
// override against the working directory. A value of an override is JSON where it parses as JSON of the
// setting's type, and else a string. Throws ConfigError that lists ALL problems found (unknown key with the
// closest match, wrong type, out of range with the allowed range, contradictions, syntax with file, line
// and column, `extends` cycles with the chain of files), each with its file (or `--set`) and key.
Settings load_settings(const ConfigSource& source);

// The settings of a parsed document, as stored in a checkpoint; `origin` names it in messages. Same
// checks and errors as load_settings, paths are left as they are.
Settings settings_from_json(const nlohmann::ordered_json& document, const std::string& origin);

// Every setting, in declaration order; settings_from_json(settings_to_json(s)) gives s.
nlohmann::ordered_json settings_to_json(const Settings& settings);

// Contradictions between valid values, one sentence each with the keys it is about; empty when fine.
std::vector<std::string> find_contradictions(const Settings& settings);

}  // namespace actrec
