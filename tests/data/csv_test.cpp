#include "data/csv.h"

#include "data/dataset_tree.h"

namespace actrec {
namespace {

using testing::expect_error;
using Fields = std::vector<std::string>;

void expect_bad(const std::string& text, const std::vector<std::string>& parts) {
  expect_error<DataError>([&] { parse_csv(text, "list.csv"); }, parts);
}

TEST(Csv, ReadsPlainRows) {
  const CsvTable table = parse_csv("path,label\na.mp4,run\nb.mp4,walk\n", "list.csv");
  EXPECT_EQ(table.header, (Fields{"path", "label"}));
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.rows[1].fields, (Fields{"b.mp4", "walk"}));
  EXPECT_EQ(table.where(table.rows[1]), "list.csv:3");
  EXPECT_EQ(table.column("label"), 1);
  EXPECT_EQ(table.column("group"), -1);
}

TEST(Csv, KeepsCommasQuotesAndLineBreaksInQuotes) {
  const CsvTable table = parse_csv("path,label\n\"a, \"\"b\"\".mp4\",\"two\r\nlines\"\nc,d\n", "list.csv");
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.rows[0].fields, (Fields{"a, \"b\".mp4", "two\r\nlines"}));
  EXPECT_EQ(table.rows[0].line, 2);
  EXPECT_EQ(table.rows[1].line, 4);
}

TEST(Csv, TakesByteOrderMarkAnyLineEndAndNoLastLineEnd) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const CsvTable table = parse_csv("\xEF\xBB\xBFPath , LABEL" + end + end + "a,b" + end + "c,", "list.csv");
    EXPECT_EQ(table.header, (Fields{"path", "label"}));
    ASSERT_EQ(table.rows.size(), 2u);
    EXPECT_EQ(table.rows[0].fields, (Fields{"a", "b"}));
    EXPECT_EQ(table.rows[1].fields, (Fields{"c", ""}));
    EXPECT_EQ(table.rows[1].line, 4);
  }
}

TEST(Csv, KeepsSpacesOfFields) {
  EXPECT_EQ(parse_csv("a,b\n x ,\" y\"\n", "list.csv").rows.at(0).fields, (Fields{" x ", " y"}));
}

TEST(Csv, SaysWhereItIsMalformed) {
  expect_bad("a,b\n1,2\n\"x,y\nz", {"list.csv:3", "never closed"});
  expect_bad("a,b\nx\"y,1\n", {"list.csv:2", "quote inside"});
  expect_bad("a,b\n\"x\"y,1\n", {"list.csv:2", "after a closing quote"});
  expect_bad("a,b\n1,2\n1,2,3\n4\n", {"list.csv:3: 3 fields", "list.csv:4: 1 field,", "has 2"});
  expect_bad("a,A\n", {"list.csv:1", "'a' appears twice"});
  expect_bad("", {"list.csv is empty"});
  expect_bad("\n\n", {"list.csv is empty"});
}

TEST(Csv, RefusesOtherEncodings) {
  expect_bad("a,b\ncaf\xE9,1\n", {"not UTF-8"});
  expect_bad(std::string("\xFF\xFEp\0a\0", 6), {"not UTF-8"});
  expect_bad(std::string("a,b\nx\0,1\n", 9), {"not UTF-8"});
}

TEST(Csv, ChecksColumns) {
  const auto check = [](const std::string& header) {
    check_columns(parse_csv(header + "\n", "list.csv"), {"path", "label"}, {"group"});
  };
  EXPECT_NO_THROW(check("group,label,path"));
  expect_error<DataError>([&] { check("path,lable"); },
                          {"list.csv", "'lable'", "did you mean 'label'?", "no column 'label'"});
  expect_error<DataError>([&] { check("path;label"); }, {"separate the columns by commas"});
}

TEST(Csv, ReadsWholeNumbersOnly) {
  EXPECT_EQ(parse_number(" 12.5 "), 12.5);
  EXPECT_EQ(parse_number("-3e2"), -300);
  for (const char* bad : {"", "1,5", "12s", "nan", "inf", "1e999", "0x10", "1 2"}) {
    EXPECT_EQ(parse_number(bad), std::nullopt) << bad;
  }
}

TEST(CsvRows, KeepTheHeaderAsItIsWritten) {
  const std::vector<CsvRow> rows = parse_csv_rows("Clip,Run,run\n\na,1,2\n", "p.csv");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].fields, (std::vector<std::string>{"Clip", "Run", "run"}));
  EXPECT_EQ(rows[1].line, 3);
}

}  // namespace
}  // namespace actrec
