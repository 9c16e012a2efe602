#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/settings.h"
#include "engine/results.h"

namespace actrec {

inline Settings with_folds(int folds) {
  Settings settings;
  settings.data.split.folds = folds;
  return settings;
}

inline FoldResult fold_result(int fold, std::uint64_t seed,
                              std::vector<std::vector<std::int64_t>> confusion) {
  FoldResult result;
  result.fold = fold;
  result.seed = seed;
  result.best_epoch = 3;
  result.groups = {"a", "b"};
  result.evaluation.classes = {"down", "right"};
  result.evaluation.confusion = std::move(confusion);
  std::int64_t hits = 0;
  for (std::size_t row = 0; row < 2; ++row) {
    for (const std::int64_t count : result.evaluation.confusion[row]) result.evaluation.clips += count;
    hits += result.evaluation.confusion[row][row];
  }
  result.evaluation.top1 = static_cast<double>(hits) / static_cast<double>(result.evaluation.clips);
  result.evaluation.top5 = 1;
  result.evaluation.loss = 0.5;
  return result;
}

template <typename E, typename F>
void expect_error(F run, const std::vector<std::string>& words) {
  try {
    run();
    ADD_FAILURE() << "no error";
  } catch (const E& error) {
    const std::string text = std::string(error.what()) + " " + error.hint();
    for (const std::string& word : words) EXPECT_NE(text.find(word), std::string::npos) << text;
  }
}

}  // namespace actrec
