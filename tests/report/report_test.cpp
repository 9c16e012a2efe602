#include "report/report.h"

#include <gtest/gtest.h>

#include <regex>

#include "core/text.h"
#include "report_fixtures.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

constexpr const char* kHostile = "</script><script>alert('x')</script><!-- & \"quotes\" ";

Report example() {
  Report report;
  report.title = "run";
  report.evaluation = evaluation_of_clips(
      {"a", kHostile}, {predicted("one", 2, 0, 0, 0.9), predicted("two", 2, 0, 1, 0.7),
                        predicted("three", 2, 1, 0, 0.8), predicted(kHostile, 2, 1, 1, 0.6)});
  report.mistakes = {{2, {"jpeg 1", "jpeg 2"}}};
  report.uncertain = {{3, {"jpeg 3"}}};
  return report;
}

nlohmann::json data_of(const std::string& html) {
  const std::string begin = "<script id=\"data\" type=\"application/json\">";
  const std::size_t start = html.find(begin) + begin.size();
  return nlohmann::json::parse(html.substr(start, html.find("</script>", start) - start));
}

TEST(ConfidentMistakes, AreTheWrongPredictionsBySureness) {
  const EvaluationResult result = example().evaluation;
  EXPECT_EQ(confident_mistakes(result, 10), (std::vector<std::size_t>{2, 1}));
  EXPECT_EQ(confident_mistakes(result, 1), (std::vector<std::size_t>{2}));
  EXPECT_EQ(uncertain_hits(result, 10), (std::vector<std::size_t>{3, 0}));
}

TEST(ReportHtml, HoldsTheResultWhateverNamesHold) {
  const std::string html = report_html(example());
  // The page's own elements are the only ones: the data, and the program.
  const std::regex script("<script");
  EXPECT_EQ(std::distance(std::sregex_iterator(html.begin(), html.end(), script), std::sregex_iterator()), 2);
  EXPECT_EQ(html.find("alert('x')</script>"), std::string::npos);
  const nlohmann::json data = data_of(html);
  EXPECT_EQ(data["metrics"]["classes"][1], kHostile);
  EXPECT_EQ(data["metrics"]["top1"], 0.5);
  EXPECT_EQ(data["mistakes"][0]["clip"], "three");
  EXPECT_EQ(data["mistakes"][0]["prediction"], "a");
  EXPECT_EQ(data["mistakes"][0]["frames"][0], "anBlZyAx");
  EXPECT_EQ(data["mistakes"][0]["top"][0][0], "a");
  EXPECT_EQ(data["uncertain"][0]["clip"], kHostile);
}

TEST(ReportHtml, NeedsNoOtherFile) {
  const std::string html = report_html(example());
  for (const char* outside : {"http://", "https://", " src=", " srcset=", "@import", "url("}) {
    std::size_t found = html.find(outside);
    // The name space of SVG is an address that nobody asks for.
    while (found != std::string::npos && html.compare(found, 26, "http://www.w3.org/2000/svg") == 0)
      found = html.find(outside, found + 1);
    EXPECT_EQ(found, std::string::npos) << outside;
  }
  EXPECT_NE(html.find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(html.find("@REPORT_"), std::string::npos);
}

TEST(ReportHtml, StampsRandomSplits) {
  Report report = example();
  EXPECT_EQ(report_html(report).find("RANDOM SPLIT"), std::string::npos);
  report.evaluation.split =
      SplitInfo{"test", "RANDOM SPLIT", "0123", "LEAK: 1 content in two splits", "clips.csv"};
  const nlohmann::json data = data_of(report_html(report));
  EXPECT_EQ(data["notes"][0]["warning"], true);
  EXPECT_EQ(data["notes"][1]["warning"], true);
  EXPECT_EQ(data["notes"][1]["text"], "leakage: LEAK: 1 content in two splits");
  EXPECT_EQ(data["split_facts"][4][1], "LEAK: 1 content in two splits");
}

TEST(ReportHtml, TakesNamesThatAreNoText) {
  Report report = example();
  report.evaluation.predictions[2].name = "\xff\xfe.avi";
  EXPECT_EQ(data_of(report_html(report))["mistakes"][0]["clip"], "\ufffd\ufffd.avi");
}

TEST(WriteReport, WritesAllFiles) {
  TemporaryDirectory directory;
  write_report(example(), directory / "new" / "report");
  for (const char* name :
       {"report.html", "metrics.json", "predictions.csv", "confusion.csv", "confusion.png"})
    EXPECT_GT(std::filesystem::file_size(directory / "new" / "report" / name), 10u) << name;
  EXPECT_EQ(nlohmann::json::parse(read_file(directory / "new" / "report" / "metrics.json"))["clips"], 4);
}

}  // namespace
}  // namespace actrec
