#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/settings.h"

namespace actrec {

// Where a run's settings come from.
struct ConfigSource {
  // JSON with comments; "extends" names a file, or a list of files, to start from. Empty: the defaults.
  std::filesystem::path file;
  std::vector<std::string> overrides;  // KEY=VALUE from --set, applied last, for example "train.epochs=3"
};

// Reads, merges and checks. A file that extends others is read over them in the order it lists them: sections
// merge key by key, every other value replaces. Relative paths become absolute and normal: in a file against
// that file's directory, in an override against the working directory; an empty path stays empty. The value
// of an override is taken literally for texts, paths and choices (JSON quotes are optional), and is JSON for
// all else; a section takes a JSON object, which merges. The key "$schema" is for editors and is ignored.
// Throws ConfigError that lists ALL problems found (unknown key with the closest match, wrong type, out of
// range with the allowed range, key given twice, contradictions, syntax with file, line and column, `extends`
// cycles with the chain of files), a line each with its file (or `--set`) and key.
Settings load_settings(const ConfigSource& source);

// The settings of a parsed document, as stored in a checkpoint; `origin` names it in messages. Same
// checks and errors as load_settings, paths are left as they are.
Settings settings_from_json(const nlohmann::ordered_json& document, const std::string& origin);

// Every setting, in declaration order; settings_from_json(settings_to_json(s)) gives s.
nlohmann::ordered_json settings_to_json(const Settings& settings);

// Valid values that contradict each other.
struct Contradiction {
  std::vector<std::string> keys;  // all settings it is about
  std::string text;               // a sentence that starts with the first of them
};

// Empty when the settings are fine.
std::vector<Contradiction> find_contradictions(const Settings& settings);

}  // namespace actrec
