#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace actrec {

// A value of Python's pickle format, as far as files of PyTorch need it. Values point into each other (even
// in circles) and are owned by their Pickle.
struct PickleValue {
  // list: also tuples and sets. dictionary: items are key, value, key, value ... global: text is "MODULE
  // NAME". persistent: a reference to something outside the pickle; items is its id. object: items are what
  // Python would call and with what; it is never called. other: numbers that are not int64 (text has a long's
  // bytes).
  enum class Kind { none, boolean, integer, text, list, dictionary, global, persistent, object, other };

  Kind kind = Kind::none;
  std::int64_t integer = 0;
  std::string text;
  std::vector<const PickleValue*> items;

  bool is(Kind other) const { return kind == other; }
  bool is_global(std::string_view name) const { return kind == Kind::global && text == name; }
};

// A pickle (protocols 2 to 5) read as data: nothing that it names is imported or run. Every byte of it may be
// hostile; the memory it takes is bounded. Throws std::invalid_argument saying what is wrong.
class Pickle {
 public:
  // Reads the pickle at the start of `bytes`; more may follow it.
  explicit Pickle(std::string_view bytes);
  Pickle(Pickle&&) = default;  // values stay where they are

  const PickleValue& root() const { return *root_; }
  std::size_t size() const { return size_; }  // in bytes
  const std::deque<PickleValue>& values() const { return values_; }

 private:
  friend class PickleReader;

  std::deque<PickleValue> values_;
  const PickleValue* root_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace actrec
