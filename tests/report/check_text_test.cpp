#include "report/check_text.h"

#include <gtest/gtest.h>

namespace actrec {
namespace {

CheckResult example() {
  CheckResult result;
  result.data = "clips.csv";
  result.format = "CSV list";
  result.classes = {"jump", "run"};
  result.splits = {"train", "val", "test"};
  result.table = {{4, 1, 0}, {5, 1, 2}};
  result.lengths = {{9, 10, 20, 30, 0.5, 1, 1.5, 10}, {2, 12, 12, 13, 0.5, 0.5, 0.5, 1}, {}};
  result.clips = 13;
  result.frames = 250;
  result.broken = {{"a.mp4", "/data/a.mp4 is empty"}};
  result.odd = {{"b.mp4", "9 frames, the median is 60"}};
  result.warnings = {"watch out"};
  result.leaks = {{"content", {"c", "d"}, {"train", "val"}, "the same content: 'c' (train) and 'd' (val)"}};
  result.leaking = true;
  result.split = {"", "RANDOM SPLIT", "0123456789abcdef", "LEAK: 1 content in two splits", ""};
  result.manifest = "/cache/manifest.json";
  return result;
}

TEST(CheckText, ShowsTheTableAndWhatIsWrong) {
  const std::string text = check_text(example());
  for (const char* line :
       {"clips.csv (CSV list)\n13 clips of 2 classes, 250 frames\n",
        "clips              train        val       test\n",
        "jump                   4          1          0\n",
        "all                    9          2          2\n",
        "median frames         20         12          -\n",
        "median            1.00 s     0.50 s          -\n",
        "broken: cannot be used (1)\n  a.mp4: /data/a.mp4 is empty\n",
        "odd ones out (1)\n  b.mp4: 9 frames, the median is 60\n", "warnings (1)\n  watch out\n",
        "shared by two splits (1)\n  the same content: 'c' (train) and 'd' (val)\n",
        "split     RANDOM SPLIT (0123456789abcdef)\nleakage   LEAK: 1 content in two splits\n",
        "results may be too good", "broken    1\nmanifest  /cache/manifest.json\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "in\n" << text;
  }
}

TEST(CheckText, LongListsAreCut) {
  CheckResult result = example();
  result.broken.assign(50, {"x", "broken"});
  const std::string text = check_text(result);
  EXPECT_NE(text.find("broken: cannot be used (50)"), std::string::npos);
  EXPECT_NE(text.find("and 30 more, see --json"), std::string::npos) << text;
}

TEST(CheckJson, HasEverything) {
  const auto json = check_json(example());
  EXPECT_EQ(json["classes"][1].dump(), R"({"class":"run","train":5,"val":1,"test":2})");
  EXPECT_EQ(json["lengths"]["train"]["frames"].dump(), "[10,20,30]");
  EXPECT_EQ(json["broken"].dump(), R"([{"clip":"a.mp4","reason":"/data/a.mp4 is empty"}])");
  EXPECT_EQ(json["leaks"][0]["clips"].dump(), R"(["c","d"])");
  EXPECT_EQ(json["leaks"][0]["splits"].dump(), R"(["train","val"])");
  EXPECT_EQ(json["split"]["random"], true);
  EXPECT_EQ(json["split"]["leakage"], "LEAK: 1 content in two splits");
  EXPECT_EQ(json["manifest"], "/cache/manifest.json");
}

}  // namespace
}  // namespace actrec
