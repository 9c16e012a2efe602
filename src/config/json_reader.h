#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "config/problems.h"
#include "config/settings.h"

namespace actrec {

// One source of settings: a file, an override, or a document in a checkpoint.
struct JsonOrigin {
  std::string name;            // for messages: "configs/a.json", "--set train.epochs=0"
  std::filesystem::path base;  // relative paths are taken from here; empty: they stay as they are
  bool may_extend = false;     // "extends" is a key of files, read elsewhere
};

// Sets what `document` names in `settings` and leaves the rest, so that reading one document after the other
// merges them. What is wrong goes to `problems`, and the setting keeps its value. "$schema" is for editors
// and is ignored.
void read_settings(const nlohmann::ordered_json& document, const JsonOrigin& origin, Settings& settings,
                   Problems& problems);

}  // namespace actrec
