#include "config/problems.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/keys.h"
#include "core/error.h"
#include "core/text.h"

namespace actrec {

void Problems::add(const std::string& origin, const std::string& key, const std::string& text) {
  // "--set train.epochs=0" names its key already.
  const bool named = key.empty() || origin.rfind("--set " + key + "=", 0) == 0;
  add_line(named ? fmt::format("{}: {}", origin, text)
                 : fmt::format("{}: {}: {}", origin, shorten(key), text));
  if (!key.empty()) keys_.push_back(key);
}

void Problems::add_unknown_key(const std::string& origin, const std::string& key, const std::string& advice) {
  add(origin, key, advice.empty() ? "unknown key" : fmt::format("unknown key, {}", advice));
  any_unknown_key_ = true;
}

void Problems::add_unreadable(const std::string& line) {
  add_line(line);
  any_unreadable_ = true;
}

void Problems::add_line(const std::string& line) {
  if (std::find(lines_.begin(), lines_.end(), line) == lines_.end()) lines_.push_back(line);
}

bool Problems::are_about(const std::string& key) const {
  return std::any_of(keys_.begin(), keys_.end(), [&key](const std::string& reported) {
    return key == reported || key.rfind(reported + ".", 0) == 0;
  });
}

void Problems::throw_if_any(const std::string& where, const std::string& unknown_key_hint) const {
  if (lines_.empty()) return;
  std::set<std::string> explained;
  for (const std::string& key : keys_) explained.insert(known_part(key));
  explained.erase("");
  std::string hint;
  if (any_unknown_key_) {
    hint = unknown_key_hint;
  } else if (!explained.empty()) {
    hint = fmt::format("`actrec config explain {}` describes the setting",
                       explained.size() == 1 ? *explained.begin() : "KEY");
  }
  if (lines_.size() == 1) throw ConfigError(lines_[0], hint);
  throw ConfigError(fmt::format("{} problems in {}:\n  {}", lines_.size(), where, join(lines_, "\n  ")),
                    hint);
}

}  // namespace actrec
