#include "config/problems.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace actrec {

void Problems::add(const std::string& origin, const std::string& key, const std::string& text) {
  // "--set train.epochs=0" names its key already.
  const bool named = key.empty() || origin.rfind("--set " + key + "=", 0) == 0;
  add_line(named ? fmt::format("{}: {}", origin, text) : fmt::format("{}: {}: {}", origin, key, text));
  if (!key.empty()) keys_.push_back(key);
}

void Problems::add_unreadable(const std::string& line) {
  add_line(line);
  any_unreadable_ = true;
}

void Problems::add_line(const std::string& line) {
  if (std::find(lines_.begin(), lines_.end(), line) == lines_.end()) lines_.push_back(line);
}

bool Problems::mentions_a_key_of(const std::string& sentence) const {
  return std::any_of(keys_.begin(), keys_.end(),
                     [&sentence](const std::string& key) { return sentence.find(key) != std::string::npos; });
}

void Problems::throw_if_any(const std::string& where, const std::string& unknown_key_hint) const {
  if (lines_.empty()) return;
  const bool unknown = std::any_of(lines_.begin(), lines_.end(), [](const std::string& line) {
    return line.find(fmt::format(": {}", kUnknownKey)) != std::string::npos;
  });
  std::string hint;
  if (unknown) {
    hint = unknown_key_hint;
  } else if (!keys_.empty()) {
    const bool one = std::all_of(keys_.begin(), keys_.end(), [this](auto& key) { return key == keys_[0]; });
    hint = fmt::format("`actrec config explain {}` describes the setting", one ? keys_[0] : "KEY");
  }
  if (lines_.size() == 1) throw ConfigError(lines_[0], hint);
  throw ConfigError(fmt::format("{} problems in {}:\n  {}", lines_.size(), where, join(lines_, "\n  ")),
                    hint);
}

}  // namespace actrec
