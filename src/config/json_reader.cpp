#include "config/json_reader.h"

#include <fmt/format.h>

#include <set>

#include "config/keys.h"
#include "config/values.h"
#include "core/text.h"

namespace actrec {
namespace {

// Makes a path absolute and normal. Returns what is wrong in words that follow "KEY: ", or "".
std::string resolve(const std::filesystem::path& base, std::filesystem::path& path) {
  if (path.empty() || base.empty()) return "";
  path = (std::filesystem::absolute(base) / path).lexically_normal();
  // "videos/" and "videos" are one folder, and its name is "videos".
  if (!path.has_filename()) path = path.parent_path();
  // Settings are written as JSON, which holds nothing else.
  return is_utf8(path.string()) ? "" : "lies in a directory whose name is not UTF-8";
}

// Visitor that reads one object of the document.
class SectionReader {
 public:
  SectionReader(const Json& object, const JsonOrigin& origin, std::string prefix, Problems& problems)
      : object_(object), origin_(origin), prefix_(std::move(prefix)), problems_(problems) {}

  template <typename T>
  void field(const char* name, T& value, const Limits& limits, const char*) {
    known_.insert(name);
    const auto found = object_.find(name);
    if (found == object_.end()) return;
    T read = value;
    std::string problem = read_value(*found, limits, read);
    if constexpr (std::is_same_v<T, std::filesystem::path>) {
      if (problem.empty()) problem = resolve(origin_.base, read);
    }
    if (problem.empty()) {
      value = std::move(read);
    } else {
      problems_.add(origin_.name, prefix_ + name, problem);
    }
  }

  template <typename Section>
  void section(const char* name, Section& section, const char*) {
    known_.insert(name);
    const auto found = object_.find(name);
    if (found == object_.end()) return;
    if (!found->is_object()) {
      problems_.add(
          origin_.name, prefix_ + name,
          fmt::format("is a section and must be an object {{ ... }}, but is {}", short_json(*found)));
      return;
    }
    SectionReader inner(*found, origin_, prefix_ + name + ".", problems_);
    Section::visit(section, inner);
    inner.report_unknown();
  }

  void ignore(const char* name) { known_.insert(name); }

  void report_unknown() const {
    for (const auto& [name, value] : object_.items()) {
      if (known_.count(name) == 0) problems_.add_unknown_key(origin_.name, prefix_ + name, advice_on(name));
    }
  }

 private:
  std::string advice_on(const std::string& name) const {
    if (name.find('.') == std::string::npos || key_kind(prefix_ + name) == KeyKind::unknown) {
      return suggest_key(prefix_ + name);
    }
    std::string advice = "sections are nested: \"" + join(split(name, '.'), "\": { \"") + "\": ...";
    for (const char c : name) advice += c == '.' ? " }" : "";
    return advice;
  }

  const Json& object_;
  const JsonOrigin& origin_;
  std::string prefix_;
  Problems& problems_;
  std::set<std::string> known_;
};

}  // namespace

void read_settings(const Json& document, const JsonOrigin& origin, Settings& settings, Problems& problems) {
  if (!document.is_object()) {
    problems.add_unreadable(
        fmt::format("{}: must be a JSON object {{ ... }}, but is {}", origin.name, short_json(document)));
    return;
  }
  SectionReader reader(document, origin, "", problems);
  reader.ignore("$schema");
  if (origin.may_extend) reader.ignore("extends");
  Settings::visit(settings, reader);
  reader.report_unknown();
}

}  // namespace actrec
