#include "config/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "core/error.h"
#include "core/text.h"

namespace actrec {
namespace {

using Json = nlohmann::ordered_json;

// No configuration needs it, and what prints or copies a document calls itself once for each level.
constexpr std::size_t kDeepest = 64;

// The parser's message without the text that it read last, which may say anything.
std::string without_last_read(std::string message, const std::string& token) {
  const std::string label = "; last read: '";
  const std::size_t begin = message.find(label);
  if (begin != std::string::npos) message.erase(begin, label.size() + token.size() + 1);
  return message;
}

// Builds the document as nlohmann's own handler does, and keeps what that one does not tell: keys that
// appear twice, and where the text stops being JSON. Stops where the nesting gets too deep.
class DocumentBuilder : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(value); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    levels_.back().key = name;
    if (!levels_.back().keys.insert(name).second) {
      const std::string dotted = dotted_key();
      if (std::find(duplicates_.begin(), duplicates_.end(), dotted) == duplicates_.end()) {
        duplicates_.push_back(dotted);
      }
    }
    return true;
  }

  bool parse_error(std::size_t position, const std::string& last_token,
                   const nlohmann::detail::exception& error) override {
    position_ = position;
    last_token_ = last_token;
    reason_ = without_last_read(error.what(), last_token);
    return false;
  }

  ParsedJson take() { return {std::move(root_), std::move(duplicates_)}; }
  bool too_deep() const { return too_deep_; }
  std::size_t position() const { return position_; }  // of a syntax error: bytes read, with the offending one
  std::string explain() const;

 private:
  struct Level {
    Json* container;
    std::string key;
    std::set<std::string> keys;
  };

  Json* place(Json value) {
    if (levels_.empty()) return &(root_ = std::move(value));
    Level& level = levels_.back();
    if (level.container->is_object()) return &((*level.container)[level.key] = std::move(value));
    level.container->push_back(std::move(value));
    return &level.container->back();
  }
  bool add(Json value) { return place(std::move(value)) != nullptr; }
  bool open(Json container) {
    too_deep_ = levels_.size() == kDeepest;
    if (too_deep_) return false;
    levels_.push_back({place(std::move(container)), "", {}});
    return true;
  }
  bool close() {
    levels_.pop_back();
    return true;
  }

  std::string dotted_key() const {
    std::vector<std::string> parts;
    for (const Level& level : levels_) {
      if (level.container->is_object()) parts.push_back(level.key);
    }
    return join(parts, ".");
  }
  std::string expected() const;

  Json root_;
  std::vector<Level> levels_;
  std::vector<std::string> duplicates_;
  bool too_deep_ = false;
  std::size_t position_ = 0;
  std::string last_token_;
  std::string reason_;
};

// What the parser was ready for, from the state it names in its own message.
std::string DocumentBuilder::expected() const {
  const auto parsing = [this](const char* what) {
    return reason_.find(fmt::format("while parsing {} - ", what)) != std::string::npos;
  };
  if (parsing("object key")) return "a key in double quotes";
  if (parsing("object separator"))
    return fmt::format("':' after the key \"{}\"", shorten(levels_.back().key));
  if (parsing("object")) return "',' or '}'";
  if (parsing("array")) return "',' or ']'";
  if (levels_.empty()) return "'{'";
  return "a value: text in double quotes, a number, true, false, a list or an object";
}

std::string DocumentBuilder::explain() const {
  if (too_deep_) return fmt::format("nested more than {} levels deep", kDeepest);
  const auto says = [this](const char* phrase) { return reason_.find(phrase) != std::string::npos; };
  if (says("number overflow")) return fmt::format("the number {} is too large", shorten(last_token_));
  if (says("; expected end of input")) return "text after the end of the document";
  if (says("unexpected end of input")) return fmt::format("the text ends too early, expected {}", expected());
  if (says("missing closing quote")) return "a text has no closing quote";
  if (says("control character")) return "a text contains a line break or control character";
  if (says("UTF-8")) return "the file is not UTF-8 text";
  if (says("after backslash") || says("'\\u'") || says("surrogate")) {
    return R"(unknown escape in a text; a backslash is written \\)";
  }
  if (says("missing closing '*/'")) return "a comment has no closing */";
  if (says("invalid comment")) return "'/' starts no comment, write // or /* */";
  if (says("invalid number")) return "malformed number";
  if (says("parsing object key - unexpected '}'")) return "trailing comma before '}', remove the comma";
  const bool in_array = !levels_.empty() && levels_.back().container->is_array();
  if (in_array && says("parsing value - unexpected ']'"))
    return "trailing comma before ']', remove the comma";
  if (says("invalid literal")) return "expected " + expected();
  const std::string token = last_token_.size() > 40 ? "other text" : last_token_;
  return fmt::format("expected {}, found {}", expected(), token);
}

struct Place {
  std::size_t line = 1;
  std::size_t column = 1;
};

Place place_of(std::string_view text, std::size_t offset) {
  Place place;
  for (const char c : text.substr(0, std::min(offset, text.size()))) {
    const bool continues_character = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (c == '\n') {
      place = {place.line + 1, 1};
    } else if (!continues_character) {
      ++place.column;
    }
  }
  return place;
}

}  // namespace

ParsedJson parse_json(std::string_view text, const std::string& origin) {
  DocumentBuilder builder;
  // Of a stream it is known how far the parser came when the builder stops it.
  std::istringstream stream{std::string(text)};
  if (!Json::sax_parse(stream, &builder, Json::input_format_t::json, true, true)) {
    const auto read = builder.too_deep() ? static_cast<std::size_t>(stream.tellg()) : builder.position();
    const Place place = place_of(text, std::max<std::size_t>(read, 1) - 1);
    throw ConfigError(fmt::format("{}:{}:{}: {}", origin, place.line, place.column, builder.explain()));
  }
  return builder.take();
}

}  // namespace actrec
