#include "report/tables.h"

#include <gtest/gtest.h>

#include "report_fixtures.h"

namespace actrec {
namespace {

EvaluationResult example() {
  EvaluationResult result = evaluation_of_clips(
      {"a", "b, \"c\""}, {predicted("x\ny", 2, 0, 1, 0.75), predicted("plain", 2, 1, 1, 0.6)});
  result.predictions[1].group = "g1";
  return result;
}

TEST(PredictionsCsv, QuotesWhatNeedsIt) {
  EXPECT_EQ(predictions_csv(example()),
            "clip,group,label,prediction,a,\"b, \"\"c\"\"\"\n"
            "\"x\ny\",,a,\"b, \"\"c\"\"\",0.25,0.75\n"
            "plain,g1,\"b, \"\"c\"\"\",\"b, \"\"c\"\"\",0.4,0.6\n");
}

TEST(ConfusionCsv, HasARowPerTrueClass) {
  EXPECT_EQ(confusion_csv(example()), "true class,a,\"b, \"\"c\"\"\"\na,0,1\n\"b, \"\"c\"\"\",0,1\n");
}

}  // namespace
}  // namespace actrec
