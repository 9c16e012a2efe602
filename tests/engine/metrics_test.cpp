#include "engine/metrics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace actrec {
namespace {

// Logits whose highest entry is `prediction`.
std::vector<float> vote(std::size_t classes, std::size_t prediction) {
  std::vector<float> logits(classes, 0.f);
  logits[prediction] = 1.f;
  return logits;
}

TEST(ClassificationMeter, AgreesWithFiguresComputedByHand) {
  ClassificationMeter meter({"a", "b", "c"});
  // true a: a a b; true b: b; true c: never seen
  for (const auto& [label, prediction] : {std::pair{0, 0}, {0, 0}, {0, 1}, {1, 1}}) {
    meter.add(label, vote(3, static_cast<std::size_t>(prediction)).data());
  }
  const EvaluationResult result = meter.result();
  EXPECT_EQ(result.clips, 4);
  EXPECT_DOUBLE_EQ(result.top1, 0.75);
  EXPECT_DOUBLE_EQ(result.top5, 1.0);
  EXPECT_DOUBLE_EQ(result.mean_class_accuracy, (2.0 / 3 + 1) / 2);
  EXPECT_DOUBLE_EQ(result.per_class[0].precision, 1.0);
  EXPECT_DOUBLE_EQ(result.per_class[0].recall, 2.0 / 3);
  EXPECT_DOUBLE_EQ(result.per_class[0].f1, 0.8);
  EXPECT_DOUBLE_EQ(result.per_class[1].precision, 0.5);
  EXPECT_DOUBLE_EQ(result.per_class[1].f1, 2.0 / 3);
  EXPECT_EQ(result.per_class[2].support, 0);
  EXPECT_DOUBLE_EQ(result.macro_f1, (0.8 + 2.0 / 3) / 2);
  EXPECT_EQ(result.confusion, (std::vector<std::vector<std::int64_t>>{{2, 1, 0}, {0, 1, 0}, {0, 0, 0}}));
  // Right: log(e + 2) - 1; wrong: log(e + 2).
  EXPECT_NEAR(result.loss, std::log(std::exp(1.0) + 2) - 0.75, 1e-12);
}

TEST(ClassificationMeter, CountsTheFirstFiveGuesses) {
  ClassificationMeter meter(std::vector<std::string>(7, "x"));
  const std::vector<float> logits{7, 6, 5, 4, 3, 2, 1};
  for (int label = 0; label < 7; ++label) meter.add(label, logits.data());
  EXPECT_DOUBLE_EQ(meter.result().top5, 5.0 / 7);
}

TEST(ClassificationMeter, SurvivesLogitsThatWouldOverflow) {
  ClassificationMeter meter({"a", "b"});
  const std::vector<float> logits{1000.f, -1000.f};
  meter.add(1, logits.data());
  EXPECT_DOUBLE_EQ(meter.result().loss, 2000);
}

TEST(ClassificationMeter, NeverCountsWhatIsNotANumberAsAGoodGuess) {
  const float nan = std::nanf("");
  ClassificationMeter all(std::vector<std::string>(7, "x"));
  const std::vector<float> nothing(7, nan);
  for (int label = 0; label < 7; ++label) all.add(label, nothing.data());
  EXPECT_EQ(all.result().top5, 0);
  EXPECT_TRUE(std::isnan(all.result().loss));

  ClassificationMeter one(std::vector<std::string>(7, "x"));
  const std::vector<float> logits{7, 6, 5, 4, 3, nan, 1};
  one.add(5, logits.data());
  EXPECT_EQ(one.result().top5, 0);
  one.add(0, logits.data());
  EXPECT_DOUBLE_EQ(one.result().top5, 0.5);
}

TEST(ClassificationMeter, IsZeroBeforeTheFirstClip) {
  const EvaluationResult result = ClassificationMeter({"a", "b"}).result();
  EXPECT_EQ(result.clips, 0);
  EXPECT_EQ(result.top1, 0);
}

TEST(ClassificationMeter, KeepsWhatWasSaidOfEachClip) {
  ClassificationMeter meter({"a", "b"});
  const std::vector<float> sure{std::log(9.f), 0.f}, undecided{1.f, 1.f};
  meter.add(1, sure.data());
  meter.add(1, undecided.data());
  const std::vector<ClipPrediction> predictions = meter.result().predictions;
  ASSERT_EQ(predictions.size(), 2u);
  EXPECT_EQ(predictions[0].label, 1);
  EXPECT_EQ(predictions[0].prediction, 0);
  EXPECT_NEAR(predictions[0].confidence(), 0.9, 1e-7);
  EXPECT_FALSE(predictions[0].right());
  EXPECT_EQ(predictions[1].prediction, 0);
  EXPECT_EQ(predictions[1].probabilities, (std::vector<double>{0.5, 0.5}));
}

TEST(Softmax, DividesLogitsByTheTemperature) {
  const std::vector<float> logits{0.f, std::log(9.f)};
  EXPECT_NEAR(softmax(logits.data(), 2, 2)[1], 0.75, 1e-7);
}

TEST(Softmax, SumsToOneAndKeepsRatios) {
  const std::vector<float> logits{0.f, std::log(3.f), -1000.f};
  const std::vector<double> p = softmax(logits.data(), 3);
  EXPECT_NEAR(p[0], 0.25, 1e-7);
  EXPECT_NEAR(p[1], 0.75, 1e-7);
  EXPECT_EQ(p[2], 0);
}

}  // namespace
}  // namespace actrec
