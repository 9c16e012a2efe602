#include "engine/comparison.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"

namespace actrec {
namespace {

// Clips a, b, ... with these labels and predictions, by class name, each of its own group.
Comparand comparand(const std::string& name, const std::vector<std::string>& classes,
                    const std::vector<std::pair<std::string, std::string>>& labels_and_predictions) {
  Comparand result;
  result.name = name;
  result.classes = classes;
  const auto number_of = [&](const std::string& one) {
    return std::find(classes.begin(), classes.end(), one) - classes.begin();
  };
  for (const auto& [label, prediction] : labels_and_predictions) {
    const std::string clip(1, static_cast<char>('a' + result.predictions.size()));
    result.predictions.push_back(
        {clip, clip, number_of(label), number_of(prediction), std::vector<double>(classes.size(), 0.5)});
  }
  return result;
}

std::string error_of(const Comparand& first, const Comparand& second) {
  try {
    compare_results(first, second);
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

TEST(ExactMcNemar, AgreesWithCounting) {
  // 2 (1 + 9 + 36) / 2^9, 2 / 2^6, and no difference at all
  EXPECT_NEAR(exact_mcnemar(2, 7), 92.0 / 512, 1e-12);
  EXPECT_NEAR(exact_mcnemar(6, 0), 2.0 / 64, 1e-12);
  EXPECT_EQ(exact_mcnemar(0, 0), 1);
  EXPECT_EQ(exact_mcnemar(5, 5), 1);
  EXPECT_LT(exact_mcnemar(1000, 2000), 1e-60);
}

TEST(CompareResults, PairsClipsByNameAndClassesByName) {
  const Comparand first = comparand("A", {"x", "y"}, {{"x", "x"}, {"x", "y"}, {"y", "y"}, {"y", "x"}});
  Comparand second = comparand("B", {"y", "x"}, {{"x", "x"}, {"x", "x"}, {"y", "x"}, {"y", "x"}});
  std::reverse(second.predictions.begin(), second.predictions.end());
  const ComparisonResult result = compare_results(first, second);
  EXPECT_EQ(result.clips, 4);
  EXPECT_EQ(result.both_right, 1);
  EXPECT_EQ(result.only_first, 1);
  EXPECT_EQ(result.only_second, 1);
  EXPECT_EQ(result.both_wrong, 1);
  EXPECT_EQ(result.p_value, 1);
  EXPECT_DOUBLE_EQ(result.first.figures.top1, 0.5);
  EXPECT_DOUBLE_EQ(result.difference.top1, 0);
  ASSERT_EQ(result.changed.size(), 2u);
  EXPECT_EQ(result.changed[0].name, "b");
  EXPECT_EQ(result.changed[0].first, "y");
  EXPECT_EQ(result.changed[0].second, "x");
  EXPECT_EQ(result.intervals->bootstrap.units, 4);
}

TEST(CompareResults, HasNoWidthWhereEveryClipChangesAlike) {
  const Comparand first = comparand("A", {"x", "y"}, {{"x", "y"}, {"x", "y"}, {"x", "y"}});
  const Comparand second = comparand("B", {"x", "y"}, {{"x", "x"}, {"x", "x"}, {"x", "x"}});
  const ComparisonResult result = compare_results(first, second);
  EXPECT_DOUBLE_EQ(result.difference.top1, 1);
  EXPECT_DOUBLE_EQ(result.intervals->top1.low, 1);
  EXPECT_DOUBLE_EQ(result.intervals->top1.high, 1);
}

TEST(CompareResults, RefusesOtherSplitsNamingBoth) {
  Comparand first = comparand("runs/A", {"x", "y"}, {{"x", "x"}, {"y", "y"}});
  Comparand second = first;
  second.name = "runs/B";
  first.split = SplitInfo{"test", "by group", "1111", "", "clips.csv"};
  second.split = SplitInfo{"test", "by group", "2222", "", "clips.csv"};
  const std::string error = error_of(first, second);
  for (const char* word : {"runs/A", "runs/B", "1111", "2222", "different splits"})
    EXPECT_NE(error.find(word), std::string::npos) << error;
  second.split->fingerprint = "1111";
  EXPECT_EQ(error_of(first, second), "");
  second.split->name = "val";
  EXPECT_NE(error_of(first, second), "");
}

TEST(CompareResults, RefusesOtherClipsLabelsAndClasses) {
  const Comparand first = comparand("A", {"x", "y"}, {{"x", "x"}, {"y", "y"}});
  EXPECT_NE(error_of(first, comparand("B", {"x", "y"}, {{"x", "x"}})).find("'b' is only in A"),
            std::string::npos);
  EXPECT_NE(error_of(comparand("B", {"x", "y"}, {{"x", "x"}}), first).find("'b' is only in A"),
            std::string::npos);
  EXPECT_NE(error_of(first, comparand("B", {"x", "y"}, {{"x", "x"}, {"x", "y"}})).find("'b' has two labels"),
            std::string::npos);
  EXPECT_NE(error_of(first, comparand("B", {"x", "z"}, {{"x", "x"}, {"z", "z"}})).find("different classes"),
            std::string::npos);
}

}  // namespace
}  // namespace actrec
