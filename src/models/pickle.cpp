#include "models/pickle.h"

#include <fmt/format.h>

#include <stdexcept>
#include <unordered_map>

// https://docs.python.org/3/library/pickletools.html describes the machine: opcodes of one byte, a stack,
// marks on it, and a memo of values used again.

namespace actrec {

namespace {

constexpr std::size_t kMostValues = 2'000'000;

[[noreturn]] void fail(const std::string& reason) { throw std::invalid_argument(reason); }

}  // namespace

class PickleReader {
 public:
  using Kind = PickleValue::Kind;

  PickleReader(std::string_view bytes, Pickle& pickle) : bytes_(bytes), pickle_(pickle) {}

  void read() {
    for (;;) {
      const auto opcode = static_cast<unsigned char>(take(1)[0]);
      if (opcode == '.') break;
      if (!read_scalar(opcode) && !read_container(opcode) && !read_memo(opcode) && !read_object(opcode)) {
        fail(fmt::format("its pickle has the unknown opcode {:#04x}", opcode));
      }
    }
    pickle_.root_ = pop();
    pickle_.size_ = position_;
  }

 private:
  std::string_view take(std::uint64_t count) {
    if (count > bytes_.size() - position_) fail("its pickle ends early");
    const std::string_view taken = bytes_.substr(position_, count);
    position_ += count;
    return taken;
  }

  std::uint64_t number(int bytes) {  // little-endian
    std::uint64_t value = 0;
    int shift = 0;
    for (const char byte : take(static_cast<std::uint64_t>(bytes))) {
      value |= std::uint64_t{static_cast<unsigned char>(byte)} << shift;
      shift += 8;
    }
    return value;
  }

  std::string_view line() {
    const std::size_t end = bytes_.find('\n', position_);
    if (end == std::string_view::npos) fail("its pickle ends early");
    const std::string_view text = take(end - position_);
    take(1);
    return text;
  }

  PickleValue& push(Kind kind) {
    if (pickle_.values_.size() >= kMostValues)
      fail(fmt::format("its pickle has over {} values", kMostValues));
    PickleValue& value = pickle_.values_.emplace_back();
    value.kind = kind;
    stack_.push_back(&value);
    return value;
  }

  void push_integer(std::int64_t integer) { push(Kind::integer).integer = integer; }
  void push_text(std::string_view text) { push(Kind::text).text = text; }

  // A mark is a border: what lies below it is out of reach until the mark is used.
  PickleValue& top() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) fail("its pickle takes more than it has");
    return *stack_.back();
  }

  PickleValue* pop() {
    PickleValue* value = &top();
    stack_.pop_back();
    return value;
  }

  std::vector<const PickleValue*> pop_to_mark() {
    if (marks_.empty()) fail("its pickle misses a mark");
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<const PickleValue*> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return items;
  }

  std::vector<const PickleValue*> pop_items(int count) {
    std::vector<const PickleValue*> items(static_cast<std::size_t>(count));
    for (auto item = items.rbegin(); item != items.rend(); ++item) *item = pop();
    return items;
  }

  void read_long(std::uint64_t length) {
    const std::string_view bytes = take(length);
    if (length > sizeof(std::int64_t)) {
      push(Kind::other).text = bytes;
      return;
    }
    std::uint64_t value = !bytes.empty() && (bytes.back() & 0x80) != 0 ? ~std::uint64_t{0} : 0;
    for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
      value = value << 8 | static_cast<unsigned char>(*byte);
    }
    push_integer(static_cast<std::int64_t>(value));
  }

  bool read_scalar(unsigned char opcode) {
    switch (opcode) {
      case 0x80:  // PROTO
        take(1);
        return true;
      case 0x95:  // FRAME
        take(8);
        return true;
      case 'N':
        push(Kind::none);
        return true;
      case 0x88:  // NEWTRUE
      case 0x89:  // NEWFALSE
        push(Kind::boolean).integer = opcode == 0x88;
        return true;
      case 'K':
        push_integer(static_cast<std::int64_t>(number(1)));
        return true;
      case 'M':
        push_integer(static_cast<std::int64_t>(number(2)));
        return true;
      case 'J':
        push_integer(static_cast<std::int32_t>(number(4)));
        return true;
      case 0x8a:  // LONG1
        read_long(number(1));
        return true;
      case 0x8b:  // LONG4
        read_long(number(4));
        return true;
      case 'G':
        take(8);
        push(Kind::other);
        return true;
      case 0x8c:  // SHORT_BINUNICODE
      case 'U':
      case 'C':
        push_text(take(number(1)));
        return true;
      case 'X':
      case 'T':
      case 'B':
        push_text(take(number(4)));
        return true;
      case 0x8d:  // BINUNICODE8
      case 0x8e:  // BINBYTES8
      case 0x96:  // BYTEARRAY8
        push_text(take(number(8)));
        return true;
      default:
        return false;
    }
  }

  void push_items(Kind kind, std::vector<const PickleValue*> items) { push(kind).items = std::move(items); }

  // What is added to an object belongs to nothing that is read.
  void add(PickleValue& container, Kind kind, const std::vector<const PickleValue*>& items) {
    if (container.is(Kind::object)) return;
    if (!container.is(kind) || (kind == Kind::dictionary && items.size() % 2 != 0)) {
      fail("its pickle adds to what cannot be added to");
    }
    container.items.insert(container.items.end(), items.begin(), items.end());
  }

  bool read_container(unsigned char opcode) {
    switch (opcode) {
      case '(':
        marks_.push_back(stack_.size());
        return true;
      case ']':
      case ')':
      case 0x8f:  // EMPTY_SET
        push(Kind::list);
        return true;
      case '}':
        push(Kind::dictionary);
        return true;
      case 't':
      case 'l':
      case 0x91: {  // FROZENSET
        push_items(Kind::list, pop_to_mark());
        return true;
      }
      case 0x85:  // TUPLE1
      case 0x86:
      case 0x87:
        push_items(Kind::list, pop_items(opcode - 0x84));
        return true;
      case 'a': {
        const auto items = pop_items(1);
        add(top(), Kind::list, items);
        return true;
      }
      case 'e':
      case 0x90: {  // ADDITEMS
        const auto items = pop_to_mark();
        add(top(), Kind::list, items);
        return true;
      }
      case 's': {
        const auto items = pop_items(2);
        add(top(), Kind::dictionary, items);
        return true;
      }
      case 'u': {
        const auto items = pop_to_mark();
        add(top(), Kind::dictionary, items);
        return true;
      }
      default:
        return false;
    }
  }

  void recall(std::uint64_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) fail("its pickle refers to a value that it does not have");
    stack_.push_back(found->second);
  }

  bool read_memo(unsigned char opcode) {
    switch (opcode) {
      case 'q':
        memo_[number(1)] = &top();
        return true;
      case 'r':
        memo_[number(4)] = &top();
        return true;
      case 0x94:  // MEMOIZE
        memo_[memo_.size()] = &top();
        return true;
      case 'h':
        recall(number(1));
        return true;
      case 'j':
        recall(number(4));
        return true;
      case '0':
        pop();
        return true;
      case '1':
        pop_to_mark();
        return true;
      case '2':
        stack_.push_back(&top());
        return true;
      default:
        return false;
    }
  }

  void push_global(std::string_view module, std::string_view name) {
    push(Kind::global).text = fmt::format("{} {}", module, name);
  }

  void call(int count) {
    const auto items = pop_items(count);
    if (items[0]->is_global("collections OrderedDict") && items[1]->items.empty()) {
      push(Kind::dictionary);
    } else {
      push_items(Kind::object, items);
    }
  }

  bool read_object(unsigned char opcode) {
    switch (opcode) {
      case 'c': {
        const std::string_view module = line();
        push_global(module, line());
        return true;
      }
      case 0x93: {  // STACK_GLOBAL
        const auto names = pop_items(2);
        push_global(names[0]->text, names[1]->text);
        return true;
      }
      case 'R':
      case 0x81:  // NEWOBJ
        call(2);
        return true;
      case 0x92:  // NEWOBJ_EX
        call(3);
        return true;
      case 'b':  // BUILD: what an object would set in itself; for a state dict, its _metadata
        pop();
        top();
        return true;
      case 'Q':
        push_items(Kind::persistent, pop_items(1));
        return true;
      default:
        return false;
    }
  }

  std::string_view bytes_;
  Pickle& pickle_;
  std::size_t position_ = 0;
  std::vector<PickleValue*> stack_;
  std::vector<std::size_t> marks_;  // sizes of the stack
  std::unordered_map<std::uint64_t, PickleValue*> memo_;
};

Pickle::Pickle(std::string_view bytes) { PickleReader(bytes, *this).read(); }

}  // namespace actrec
