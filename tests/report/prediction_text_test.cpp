#include "report/prediction_text.h"

#include <gtest/gtest.h>

namespace actrec {
namespace {

Prediction guesses() {
  Prediction prediction;
  prediction.input = "a.mp4";
  prediction.frames = 16;
  prediction.top = {{"x", 0.75}, {"y", 0.25}};
  return prediction;
}

Prediction with_timeline() {
  Prediction prediction = guesses();
  prediction.timeline = {
      {0, 1.5, "x", 0.75}, {1.5, 61.0625, "unknown", 0.5}, {61.0625, 3725.0004, "y", 0.875}};
  return prediction;
}

TEST(PredictionJson, HoldsThePredictionOrTheError) {
  Prediction prediction = guesses();
  EXPECT_EQ(
      prediction_json(prediction).dump(),
      R"({"input":"a.mp4","frames":16,"top":[{"label":"x","probability":0.75},{"label":"y","probability":0.25}]})");
  prediction.error = "broken";
  EXPECT_EQ(prediction_json(prediction).dump(), R"({"input":"a.mp4","error":"broken"})");
}

TEST(PredictionJson, HoldsTheTimeline) {
  EXPECT_EQ(prediction_json(with_timeline())["timeline"][1].dump(),
            R"({"begin_seconds":1.5,"end_seconds":61.0625,"label":"unknown","probability":0.5})");
}

TEST(PredictionText, ShowsTimesAsClocksDo) {
  const std::string text = prediction_text(with_timeline());
  EXPECT_NE(text.find("     0:01.5 -    1:01.1  0.5000  unknown\n"), std::string::npos) << text;
  EXPECT_NE(text.find("     1:01.1 - 1:02:05.0  0.8750  y\n"), std::string::npos) << text;
}

TEST(PredictionCsv, QuotesWhatNeedsIt) {
  Prediction prediction = guesses();
  prediction.input = "a, \"b\".mp4";
  EXPECT_EQ(prediction_csv(prediction, CsvRows::guesses),
            "\"a, \"\"b\"\".mp4\",16,1,x,0.75,\n\"a, \"\"b\"\".mp4\",16,2,y,0.25,\n");
  prediction.error = "broken, alas";
  EXPECT_EQ(prediction_csv(prediction, CsvRows::guesses), "\"a, \"\"b\"\".mp4\",,,,,\"broken, alas\"\n");
  EXPECT_EQ(prediction_csv(with_timeline(), CsvRows::segments),
            "a.mp4,0,1.5,x,0.75,\na.mp4,1.5,61.0625,unknown,0.5,\na.mp4,61.0625,3725.0004,y,0.875,\n");
}

TEST(PredictionSrt, LeavesOutUnknownParts) {
  EXPECT_EQ(prediction_srt(with_timeline()),
            "1\n00:00:00,000 --> 00:00:01,500\nx (75%)\n\n2\n00:01:01,063 --> 01:02:05,000\ny (88%)\n\n");
}

}  // namespace
}  // namespace actrec
