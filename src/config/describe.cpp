#include "config/describe.h"

#include <fmt/format.h>

#include "config/keys.h"
#include "config/values.h"
#include "config/walk.h"
#include "config/wrap.h"
#include "core/error.h"
#include "core/text.h"

namespace actrec {
namespace {

constexpr std::size_t kTerminalWidth = 100;

std::string indented(std::string_view text, std::size_t indent) {
  std::string block;
  for (const std::string& line : wrap_text(text, kTerminalWidth - indent)) {
    block += std::string(indent, ' ') + line + "\n";
  }
  return block;
}

std::string explain(const SettingDescription& setting) {
  const std::string allowed = setting.allowed.empty() ? "" : ", allowed: " + setting.allowed;
  return fmt::format(
      "{}\n{}{}", setting.key,
      indented(fmt::format("{}, default {}{}", setting.type, setting.default_value, allowed), 4),
      indented(setting.doc, 4));
}

// Text for a cell: what Markdown would take for a column, markup or emphasis is escaped. Inside `code` only
// the bar is special.
std::string markdown_cell(std::string_view text) {
  constexpr std::string_view kMarkup = "*<_[]\\";
  std::string cell;
  bool in_code = false;
  for (const char c : text) {
    if (c == '`') in_code = !in_code;
    if (c == '|' || (!in_code && kMarkup.find(c) != std::string_view::npos)) cell += '\\';
    cell += c;
  }
  return cell;
}

std::string markdown_code(std::string_view text) {
  return text.empty() ? "" : markdown_cell(fmt::format("`{}`", text));
}

}  // namespace

std::vector<SettingDescription> describe_settings() {
  std::vector<SettingDescription> descriptions;
  const Settings defaults;
  for_each_field(
      defaults, [&](const std::string& key, const auto& value, const Limits& limits, const char* doc) {
        const ValueForm form = value_form(value, limits);
        descriptions.push_back({key, form.type, compact_json(write_value(value)), form.allowed, doc});
      });
  return descriptions;
}

std::string explain_settings(const std::string& key) {
  if (!key.empty() && key_kind(key) == KeyKind::unknown) {
    const std::string suggestion = suggest_key(key);
    throw ConfigError(fmt::format("there is no setting '{}'", key),
                      suggestion.empty() ? "`actrec config explain` lists all settings" : suggestion);
  }
  std::vector<std::string> entries;
  for (const SettingDescription& setting : describe_settings()) {
    const bool wanted = key.empty() || setting.key == key || setting.key.rfind(key + ".", 0) == 0;
    if (wanted) entries.push_back(explain(setting));
  }
  return join(entries, "\n");
}

std::string settings_markdown() {
  std::string table = "| setting | default | allowed | what it does |\n| --- | --- | --- | --- |\n";
  for (const SettingDescription& setting : describe_settings()) {
    table += fmt::format("| {} | {} | {} | {} |\n", markdown_code(setting.key),
                         markdown_code(setting.default_value), markdown_code(setting.allowed),
                         markdown_cell(setting.doc));
  }
  return table;
}

std::vector<std::string> diff_settings(const Settings& before, const Settings& after) {
  std::vector<Json> old_values;
  for_each_field(before, [&](const std::string&, const auto& value, const Limits&, const char*) {
    old_values.push_back(write_value(value));
  });
  std::vector<std::string> lines;
  std::size_t index = 0;
  for_each_field(after, [&](const std::string& key, const auto& value, const Limits&, const char*) {
    const Json& old_value = old_values[index++];
    const Json new_value = write_value(value);
    if (old_value != new_value) {
      lines.push_back(fmt::format("{}: {} -> {}", key, compact_json(old_value), compact_json(new_value)));
    }
  });
  return lines;
}

}  // namespace actrec
