#include "config/config_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/json_reader.h"
#include "config/json_text.h"
#include "config/keys.h"
#include "config/problems.h"
#include "config/values.h"
#include "config/walk.h"
#include "core/error.h"
#include "core/text.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

// Reads a file and those it extends, each over the one before, which merges them key by key.
class FileReader {
 public:
  FileReader(Settings& settings, Problems& problems) : settings_(settings), problems_(problems) {}

  // `extended_by` is empty for the file the user named.
  void read(const fs::path& file, const std::string& extended_by) {
    const std::string name = file.string();
    try {
      open_.push_back(file);
      read_open(name, read_file(file));
    } catch (const DataError& error) {
      problems_.add_unreadable(
          extended_by.empty() ? error.what() : fmt::format("{}: extends: {}", extended_by, error.what()));
    } catch (const ConfigError& error) {
      problems_.add_unreadable(error.what());
    }
    open_.pop_back();
  }

 private:
  void read_open(const std::string& name, const std::string& text) {
    const ParsedJson parsed = parse_json(text, name);
    for (const std::string& key : parsed.duplicate_keys) problems_.add(name, key, "appears twice");
    if (parsed.document.is_object() && parsed.document.contains("extends")) {
      for (const fs::path& base : bases(parsed.document["extends"], name)) extend(base, name);
    }
    read_settings(parsed.document, {name, fs::absolute(open_.back()).parent_path(), true}, settings_,
                  problems_);
  }

  std::vector<fs::path> bases(const Json& extends, const std::string& name) {
    std::vector<fs::path> files;
    for (const Json& base : extends.is_array() ? extends : Json::array({extends})) {
      if (!is_file_name(base)) {
        problems_.add_unreadable(
            fmt::format("{}: extends: must be a file name or a list of file names, but is {}", name,
                        short_json(extends)));
        return {};
      }
      files.push_back((open_.back().parent_path() / base.get<std::string>()).lexically_normal());
    }
    return files;
  }

  static bool is_file_name(const Json& base) {
    if (!base.is_string()) return false;
    const auto& text = base.get_ref<const std::string&>();
    return !text.empty() && text.find('\0') == std::string::npos;
  }

  void extend(const fs::path& base, const std::string& name) {
    const auto same_file = [&base](const fs::path& file) {
      std::error_code not_there;  // then reading it says so
      return fs::equivalent(file, base, not_there);
    };
    const auto first = std::find_if(open_.begin(), open_.end(), same_file);
    if (first == open_.end()) {
      read(base, name);
      return;
    }
    std::vector<std::string> chain;
    for (auto file = first; file != open_.end(); ++file) chain.push_back(file->string());
    chain.push_back(first->string());
    problems_.add_unreadable(
        fmt::format("{}: extends: the files extend each other in a circle: {}", name, join(chain, " -> ")));
  }

  Settings& settings_;
  Problems& problems_;
  std::vector<fs::path> open_;  // from the user's file to the one being read
};

// True where the words of an override are the value: texts, paths, choices.
bool is_text_setting(const std::string& wanted) {
  bool is_text = false;
  const Settings defaults;
  for_each_field(defaults, [&](const std::string& key, const auto& value, const Limits&, const char*) {
    if (key == wanted) is_text = write_value(value).is_string();
  });
  return is_text;
}

// The value of an override as JSON. Words that are no JSON become a string, and the setting's own type
// check says what it wants instead.
Json override_value(const std::string& key, const std::string& text, const std::string& origin,
                    Problems& problems) {
  const std::string trimmed = trim(text);
  const char first = trimmed.empty() ? '\0' : trimmed.front();
  const bool is_structured = first == '[' || first == '{';
  if (is_text_setting(key) && first != '"' && !(is_structured && key == "normalize")) return text;
  try {
    const ParsedJson parsed = parse_json(text, origin);
    for (const std::string& twice : parsed.duplicate_keys)
      problems.add(origin, fmt::format("{}.{}", key, twice), "appears twice");
    return parsed.document;
  } catch (const ConfigError&) {
    if (is_structured) throw;
    return text;
  }
}

void apply_override(const std::string& text, Settings& settings, Problems& problems) {
  const std::size_t equals = text.find('=');
  const std::string key = trim(text.substr(0, equals));
  const std::string origin = fmt::format("--set {}", text);
  if (equals == std::string::npos || key.empty()) {
    problems.add(origin, "", "must be KEY=VALUE, for example train.epochs=3");
    return;
  }
  if (!is_utf8(text)) {
    problems.add(fmt::format("--set {}", compact_json(text)), "", "is not UTF-8 text");
    return;
  }
  if (key_kind(key) == KeyKind::unknown) {
    problems.add_unknown_key(origin, key, suggest_key(key));
    return;
  }
  try {
    Json document = override_value(key, text.substr(equals + 1), origin, problems);
    const std::vector<std::string> parts = split(key, '.');
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      Json section = Json::object();
      section[*part] = std::move(document);
      document = std::move(section);
    }
    read_settings(document, {origin, fs::current_path(), false}, settings, problems);
  } catch (const ConfigError& error) {
    problems.add_unreadable(error.what());
  }
}

void check_contradictions(const Settings& settings, const std::string& where, Problems& problems) {
  if (problems.any_unreadable()) return;
  for (const auto& [keys, text] : find_contradictions(settings)) {
    // A value that was refused left another one behind, about which there is nothing to say.
    const bool is_about_refused = std::any_of(
        keys.begin(), keys.end(), [&problems](const std::string& key) { return problems.are_about(key); });
    if (!is_about_refused) problems.add(where, "", text);
  }
}

}  // namespace

Settings load_settings(const ConfigSource& source) {
  Settings settings;
  Problems problems;
  const std::string where = source.file.empty() ? "the settings" : source.file.string();
  if (!source.file.empty()) FileReader(settings, problems).read(source.file, "");
  for (const std::string& text : source.overrides) apply_override(text, settings, problems);
  check_contradictions(settings, where, problems);
  problems.throw_if_any(where, "`actrec config explain` lists all settings");
  return settings;
}

Settings settings_from_json(const Json& document, const std::string& origin) {
  Settings settings;
  Problems problems;
  read_settings(document, {origin, {}, false}, settings, problems);
  check_contradictions(settings, origin, problems);
  problems.throw_if_any(
      origin,
      "it may come from a newer version of actrec; `actrec config explain` lists the settings of this one");
  return settings;
}

}  // namespace actrec
