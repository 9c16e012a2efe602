#pragma once

#include <string>
#include <vector>

namespace actrec {

// What is wrong with a configuration, collected so that a user sees all of it at once.
class Problems {
 public:
  // `origin` is the file or the `--set KEY=VALUE` it stands in; `key` the dotted setting, may be empty;
  // `text` what is wrong. The same problem twice, from a file that two others extend, is one.
  void add(const std::string& origin, const std::string& key, const std::string& text);

  // A key that does not exist; `advice` says what to write instead, may be empty.
  void add_unknown_key(const std::string& origin, const std::string& key, const std::string& advice);

  // A problem with a whole source, which hides what settings that source would have made.
  void add_unreadable(const std::string& line);

  bool any_unreadable() const { return any_unreadable_; }
  bool are_about(const std::string& key) const;  // the setting, or a section it is in

  // Throws one ConfigError with every problem; `where` names the configuration. Returns when there is none.
  // `unknown_key_hint` is added where a key does not exist.
  void throw_if_any(const std::string& where, const std::string& unknown_key_hint) const;

 private:
  void add_line(const std::string& line);

  std::vector<std::string> lines_;
  std::vector<std::string> keys_;
  bool any_unreadable_ = false;
  bool any_unknown_key_ = false;
};

}  // namespace actrec
