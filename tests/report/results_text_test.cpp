#include "report/results_text.h"

#include <gtest/gtest.h>

namespace actrec {
namespace {

EvaluationResult example() {
  EvaluationResult result;
  result.clips = 3;
  result.top1 = 2.0 / 3;
  result.classes = {"hugging", "kick\u00fcng"};
  result.confusion = {{1, 1}, {0, 1}};
  result.per_class = {{"hugging", 2, 1.0, 0.5, 2.0 / 3}, {"kick\u00fcng", 1, 0.5, 1.0, 2.0 / 3}};
  return result;
}

TEST(EvaluationJson, HasTheKeysThatScriptsRelyOn) {
  const auto json = evaluation_json(example());
  for (const char* key : {"clips", "top1", "top5", "mean_class_accuracy", "macro_f1", "loss", "classes",
                          "confusion", "per_class"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json["confusion"][0][1], 1);
  EXPECT_EQ(json["per_class"][1]["recall"], 1.0);
}

TEST(EvaluationText, ShowsFiguresAndTheMatrix) {
  const std::string text = evaluation_text(example());
  EXPECT_NE(text.find("top-1 accuracy       0.6667"), std::string::npos) << text;
  EXPECT_NE(text.find(" 1 hugging    1    1\n"), std::string::npos) << text;
  EXPECT_NE(text.find(" 2 kick\u00fcng    .    1\n"), std::string::npos) << text;
}

TEST(Pad, CountsCharactersNotBytes) {
  EXPECT_EQ(pad("\u00fcb", 4), "\u00fcb  ");
  EXPECT_EQ(pad("\u00fcber", 2), "\u00fcb");
}

}  // namespace
}  // namespace actrec
