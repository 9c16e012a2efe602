#include "data/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/error.h"
#include "core/text.h"
#include "data/listing.h"

namespace actrec {
namespace {

class CsvParser {
 public:
  CsvParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  bool done() const { return position_ == text_.size(); }

  // The next row. An empty line is a row with one empty field.
  CsvRow row() {
    CsvRow row;
    row.line = line_;
    for (;;) {
      row.fields.push_back(peek() == '"' ? quoted() : plain());
      if (done() || end_of_line()) return row;
      if (peek() != ',') fail("text after a closing quote");
      ++position_;
    }
  }

 private:
  char peek() const { return done() ? '\0' : text_[position_]; }

  bool end_of_line() {
    if (peek() != '\r' && peek() != '\n') return false;
    const bool carriage_return = peek() == '\r';
    ++position_;
    if (carriage_return && peek() == '\n') ++position_;
    ++line_;
    return true;
  }

  std::string plain() {
    const std::size_t end = std::min(text_.find_first_of(",\r\n", position_), text_.size());
    std::string field(text_.substr(position_, end - position_));
    if (field.find('"') != std::string::npos) fail("a quote inside a field that does not start with one");
    position_ = end;
    return field;
  }

  std::string quoted() {
    const int opened = line_;
    std::string field;
    ++position_;
    for (;;) {
      if (done()) {
        line_ = opened;
        fail("a quote that is never closed");
      }
      if (peek() == '"') {
        ++position_;
        if (peek() != '"') return field;
      } else if (peek() == '\n') {
        ++line_;
      }
      field += peek();
      ++position_;
    }
  }

  [[noreturn]] void fail(const char* what) const {
    throw DataError(fmt::format("{}:{}: {}", name_, line_, what),
                    "put the whole field in double quotes and double the quotes inside it");
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t position_ = 0;
  int line_ = 1;
};

bool is_blank(const CsvRow& row) { return row.fields.size() == 1 && trim(row.fields[0]).empty(); }

void check_encoding(std::string_view text, const std::string& name) {
  if (is_utf8(text) && text.find('\0') == std::string_view::npos) return;
  throw DataError(fmt::format("{} is not UTF-8 text", name), "save the list as CSV in UTF-8");
}

}  // namespace

int CsvTable::column(std::string_view name_in_header) const {
  const auto found = std::find(header.begin(), header.end(), name_in_header);
  return found == header.end() ? -1 : static_cast<int>(found - header.begin());
}

std::string CsvTable::where(const CsvRow& row) const { return fmt::format("{}:{}", name, row.line); }

std::vector<CsvRow> parse_csv_rows(std::string_view text, const std::string& name) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) text.remove_prefix(kByteOrderMark.size());
  check_encoding(text, name);
  CsvParser parser(text, name);
  std::vector<CsvRow> rows;
  while (!parser.done()) {
    CsvRow row = parser.row();
    if (!is_blank(row)) rows.push_back(std::move(row));
  }
  return rows;
}

CsvTable parse_csv(std::string_view text, const std::string& name) {
  CsvTable table;
  table.name = name;
  ListErrors errors;
  for (CsvRow& row : parse_csv_rows(text, name)) {
    if (table.header.empty()) {
      for (const std::string& field : row.fields) {
        const std::string column = to_lower(trim(field));
        if (table.column(column) >= 0) errors.add(table.where(row), "column '" + column + "' appears twice");
        table.header.push_back(column);
      }
    } else if (row.fields.size() != table.header.size()) {
      errors.add(table.where(row),
                 fmt::format("{}, but the header has {}",
                             format_count(static_cast<int>(row.fields.size()), "field"), table.header.size()),
                 "put a field that contains a comma in double quotes");
    } else {
      table.rows.push_back(std::move(row));
    }
  }
  errors.throw_if_any();
  if (table.header.empty()) {
    throw DataError(name + " is empty", "it needs a header and a row for each clip");
  }
  return table;
}

CsvTable read_csv(const std::filesystem::path& path) { return parse_csv(read_file(path), path.string()); }

void check_columns(const CsvTable& table, const std::vector<std::string>& required,
                   const std::vector<std::string>& optional) {
  std::vector<std::string> known = required;
  known.insert(known.end(), optional.begin(), optional.end());
  const std::string columns = "the columns are " + join(known, ", ");

  std::vector<std::string> problems;
  for (const std::string& column : table.header) {
    if (std::find(known.begin(), known.end(), column) != known.end()) continue;
    const std::string match = did_you_mean(column, known);
    problems.push_back("unknown column '" + column + "'" + (match.empty() ? "" : ", " + match));
  }
  for (const std::string& column : required) {
    if (table.column(column) < 0) problems.push_back("no column '" + column + "'");
  }
  if (problems.empty()) return;
  const bool other_separator =
      table.header.size() == 1 && table.header[0].find_first_of(";\t") != std::string::npos;
  throw DataError(table.name + ": " + join(problems, "; "),
                  other_separator ? "separate the columns by commas" : columns);
}

std::optional<double> parse_number(std::string_view text) {
  const std::string trimmed = trim(text);
  double value = 0;
  const char* end = trimmed.data() + trimmed.size();
  const auto [stop, error] = std::from_chars(trimmed.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace actrec
