#include <fmt/format.h>

#include <algorithm>

#include "config/describe.h"
#include "config/keys.h"
#include "config/values.h"
#include "config/wrap.h"
#include "core/error.h"
#include "core/text.h"

namespace actrec {
namespace {

constexpr std::size_t kWidth = 100;

std::string comment(const std::string& text, std::size_t indent) {
  const std::string start = std::string(indent, ' ') + "// ";
  std::string block;
  for (const std::string& line : wrap_text(text, kWidth - start.size())) block += start + line + "\n";
  return block;
}

// Visitor that writes the members of one object, nested objects included.
class CommentedSection {
 public:
  CommentedSection(const std::vector<std::string>& keys, std::string prefix, std::size_t indent)
      : keys_(keys), prefix_(std::move(prefix)), indent_(indent) {}

  template <typename T>
  void field(const char* name, const T& value, const Limits& limits, const char* doc) {
    if (!is_wanted(prefix_ + name)) return;
    const std::string allowed = value_form(value, limits).allowed;
    add(comment(allowed.empty() ? doc : fmt::format("{} ({})", doc, allowed), indent_), name,
        compact_json(write_value(value)));
  }

  template <typename Section>
  void section(const char* name, const Section& section, const char* doc) {
    CommentedSection inner(keys_, prefix_ + name + ".", indent_ + 2);
    Section::visit(section, inner);
    if (!inner.members_.empty()) add(comment(doc, indent_), name, inner.object());
  }

  std::string object() const {
    return fmt::format("{{\n{}\n{}}}", join(members_, ",\n"), std::string(indent_ - 2, ' '));
  }

 private:
  // Asked for by name, or with the section it is in.
  bool is_wanted(const std::string& key) const {
    return keys_.empty() || std::any_of(keys_.begin(), keys_.end(), [&key](const std::string& wanted) {
             return key == wanted || key.rfind(wanted + ".", 0) == 0;
           });
  }

  void add(const std::string& comments, const char* name, const std::string& value) {
    members_.push_back(fmt::format("{}{}\"{}\": {}", comments, std::string(indent_, ' '), name, value));
  }

  const std::vector<std::string>& keys_;
  std::string prefix_;
  std::size_t indent_;
  std::vector<std::string> members_;
};

}  // namespace

std::string commented_config(const Settings& settings, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    if (key_kind(key) == KeyKind::unknown) {
      throw ConfigError(fmt::format("there is no setting '{}'", key), suggest_key(key));
    }
  }
  CommentedSection root(keys, "", 2);
  Settings::visit(settings, root);
  return root.object() + "\n";
}

}  // namespace actrec
