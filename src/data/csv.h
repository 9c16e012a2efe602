#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace actrec {

struct CsvRow {
  std::vector<std::string> fields;  // as many as the header has
  int line = 0;                     // where the row starts, from 1
};

struct CsvTable {
  std::string name;                 // of the file, for messages
  std::vector<std::string> header;  // trimmed, in lower case, all different
  std::vector<CsvRow> rows;

  // Index of a column, or -1.
  int column(std::string_view name_in_header) const;
  // "clips.csv:12"
  std::string where(const CsvRow& row) const;
};

// Comma-separated values as RFC 4180 has them: quoted fields with doubled quotes, commas and line breaks
// in them. Also takes LF and CR line ends and a UTF-8 byte order mark, and skips empty lines. Fields are
// kept as written, spaces included. Throws DataError naming file and line: no header, a repeated column,
// rows of another length than the header, a quote in the wrong place or never closed, text that is not UTF-8.
CsvTable parse_csv(std::string_view text, const std::string& name);
CsvTable read_csv(const std::filesystem::path& path);

// All rows, the header like the others.
std::vector<CsvRow> parse_csv_rows(std::string_view text, const std::string& name);

// Throws DataError for columns that are missing or neither required nor optional, with the closest match.
void check_columns(const CsvTable& table, const std::vector<std::string>& required,
                   const std::vector<std::string>& optional);

// The number that the whole text (but for white space around it) spells, if it is finite.
std::optional<double> parse_number(std::string_view text);

}  // namespace actrec
