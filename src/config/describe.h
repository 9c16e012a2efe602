#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/settings.h"

namespace actrec {

// A setting as documentation sees it.
struct SettingDescription {
  std::string key;   // "train.learning_rate"
  std::string type;  // "integer", "number", "boolean", "text", "path", "choice", "range", "size", ...
  std::string default_value;  // as JSON
  std::string allowed;        // "1 to 4096", "lstm | gru | mean"; empty: anything of the type
  std::string doc;
};
std::vector<SettingDescription> describe_settings();

// Reference text for `config explain [KEY]`: every setting, or those at or below `key`.
// Throws ConfigError with the closest match for a key that does not exist.
std::string explain_settings(const std::string& key = {});

// A Markdown table of all settings, for the documentation.
std::string settings_markdown();

// JSON Schema (draft 2020-12) of a configuration file, for editors; allows "extends".
nlohmann::ordered_json settings_schema();

// A line "key: before -> after" for each setting that differs.
std::vector<std::string> diff_settings(const Settings& before, const Settings& after);

// A commented configuration with the given settings as text (JSON with // comments that
// load_settings reads): every key of `keys` (all where empty), each with its doc.
std::string commented_config(const Settings& settings, const std::vector<std::string>& keys = {});

}  // namespace actrec
