#include "data/stratify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace actrec {
namespace {

KeyedRandom stream(std::uint64_t seed) { return {seed, Purpose::split}; }

// count[part][label]
std::map<int, std::map<int, int>> tally(const std::vector<int>& parts, const std::vector<int>& labels) {
  std::map<int, std::map<int, int>> counts;
  for (std::size_t i = 0; i < parts.size(); ++i) ++counts[parts[i]][labels[i]];
  return counts;
}

// `classes` classes of uneven sizes from `smallest`, in random order.
std::vector<int> random_labels(std::uint64_t seed, int classes, int smallest, int largest) {
  KeyedRandom random(seed, Purpose::demo);
  std::vector<int> labels;
  for (int c = 0; c < classes; ++c) {
    const auto size = static_cast<std::uint64_t>(smallest) +
                      random.below(static_cast<std::uint64_t>(largest - smallest + 1));
    labels.insert(labels.end(), size, c);
  }
  random.shuffle(labels);
  return labels;
}

TEST(StratifyClips, GivesEveryClassItsShareWithinOne) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::vector<int> labels = random_labels(seed, 12, 3, 60);
    auto counts = tally(stratify_clips(labels, 0.15, 0.2, stream(seed)), labels);
    double val = 0, test = 0;
    for (int c = 0; c < 12; ++c) {
      const auto size = static_cast<double>(std::count(labels.begin(), labels.end(), c));
      EXPECT_LT(std::abs(counts[1][c] - 0.15 * size), 1) << "class of " << size;
      EXPECT_LT(std::abs(counts[2][c] - 0.2 * size), 1) << "class of " << size;
      EXPECT_GE(counts[1][c], 1);
      EXPECT_GE(counts[2][c], 1);
      EXPECT_GE(counts[0][c], 1);
      val += counts[1][c];
      test += counts[2][c];
    }
    // Rounding evens out over the classes, but for those too small for their share.
    EXPECT_NEAR(val, 0.15 * static_cast<double>(labels.size()), 3);
    EXPECT_NEAR(test, 0.2 * static_cast<double>(labels.size()), 3);
  }
}

TEST(StratifyClips, SmallClassesKeepATrainingClip) {
  for (int size = 1; size <= 6; ++size) {
    const std::vector<int> labels(static_cast<std::size_t>(size), 0);
    for (const double share : {0.05, 0.15, 0.45}) {
      auto counts = tally(stratify_clips(labels, share, share, stream(3)), labels);
      EXPECT_GE(counts[0][0], 1) << size << " " << share;
      if (size >= 3) {
        EXPECT_GE(counts[1][0], 1) << size << " " << share;
        EXPECT_GE(counts[2][0], 1) << size << " " << share;
      }
    }
    EXPECT_EQ(tally(stratify_clips(labels, 0.15, 0, stream(3)), labels)[2][0], 0);
  }
}

TEST(StratifyFolds, AreEvenInAllAndPerClass) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (const int folds : {2, 3, 5, 7}) {
      const std::vector<int> labels = random_labels(seed, 6, 1, 40);
      auto counts = tally(stratify_folds(labels, folds, stream(seed)), labels);
      int fewest = 1 << 30, most = 0;
      for (int f = 0; f < folds; ++f) {
        int size = 0;
        for (int c = 0; c < 6; ++c) {
          const double even = static_cast<double>(std::count(labels.begin(), labels.end(), c)) / folds;
          EXPECT_LT(std::abs(counts[f][c] - even), 1);
          size += counts[f][c];
        }
        fewest = std::min(fewest, size);
        most = std::max(most, size);
      }
      EXPECT_LE(most - fewest, 1);
    }
  }
}

TEST(StratifyGroups, BalancesPerClassGroupsLikeUcf101) {
  std::vector<int> labels, groups;  // 20 classes x 25 groups of 4 to 7 clips
  KeyedRandom random(5, Purpose::demo);
  for (int c = 0; c < 20; ++c) {
    for (int g = 0; g < 25; ++g) {
      const std::uint64_t size = 4 + random.below(4);
      labels.insert(labels.end(), size, c);
      groups.insert(groups.end(), size, c * 25 + g);
    }
  }
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    auto counts = tally(stratify_groups(labels, groups, {0.7, 0.15, 0.15}, true, stream(seed)), labels);
    for (int c = 0; c < 20; ++c) {
      const auto size = static_cast<double>(std::count(labels.begin(), labels.end(), c));
      EXPECT_NEAR(counts[0][c], 0.7 * size, 4);  // half a group of 4 to 7, and one more group
      EXPECT_NEAR(counts[1][c], 0.15 * size, 4);
      EXPECT_NEAR(counts[2][c], 0.15 * size, 4);
    }
  }
}

TEST(StratifyGroups, BalancesGroupsThatMixClasses) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    KeyedRandom random(seed, Purpose::demo);
    std::vector<int> labels, groups;  // 30 people, each 1 to 3 clips of 5 actions
    for (int g = 0; g < 30; ++g) {
      for (int c = 0; c < 5; ++c) {
        const std::uint64_t size = 1 + random.below(3);
        labels.insert(labels.end(), size, c);
        groups.insert(groups.end(), size, g);
      }
    }
    const std::vector<int> parts = stratify_groups(labels, groups, {0.6, 0.2, 0.2}, true, stream(seed));
    auto counts = tally(parts, labels);
    for (int c = 0; c < 5; ++c) {
      const auto size = static_cast<double>(std::count(labels.begin(), labels.end(), c));
      EXPECT_NEAR(counts[0][c] / size, 0.6, 0.1);
      EXPECT_NEAR(counts[1][c] / size, 0.2, 0.1);
      EXPECT_NEAR(counts[2][c] / size, 0.2, 0.1);
    }
    std::map<int, int> part_of;
    for (std::size_t i = 0; i < parts.size(); ++i)
      EXPECT_EQ(part_of.emplace(groups[i], parts[i]).first->second, parts[i]);
  }
}

TEST(StratifyGroups, FillsEveryPartWithAsManyGroups) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    // A giant, and as few others as there are parts to fill.
    std::vector<int> groups(50, 0);
    groups.insert(groups.end(), {1, 2});
    const std::vector<int> labels(groups.size(), 0);
    const std::vector<int> parts = stratify_groups(labels, groups, {0.7, 0.15, 0.15}, true, stream(seed));
    EXPECT_EQ(std::set<int>(parts.begin(), parts.end()).size(), 3u);
    EXPECT_EQ(parts[0], 0);
  }
}

TEST(StratifyGroups, FirstPartGetsEveryClassWhereAsked) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    // Class 1 is in group 4 only, a small one, which otherwise would go wherever there is room.
    const std::vector<int> groups{0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4};
    const std::vector<int> labels{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    EXPECT_EQ(stratify_groups(labels, groups, {0.4, 0.3, 0.3}, true, stream(seed)).back(), 0);
  }
}

TEST(StratifyGroups, FillsEveryPartWithoutTakingAClassFromTheFirst) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    // One group each for classes 0 and 1, two for class 2: only one of those can leave part 0.
    const std::vector<int> groups{0, 1, 2, 3};
    const std::vector<int> labels{0, 1, 2, 2};
    const std::vector<int> parts = stratify_groups(labels, groups, {0.9, 0.1}, true, stream(seed));
    EXPECT_EQ(parts[0] + parts[1], 0);
    EXPECT_EQ(parts[2] + parts[3], 1);
  }
}

TEST(StratifyGroups, NothingGoesToAPartWithoutShare) {
  const std::vector<int> groups{0, 1, 2, 3, 4, 5};
  const std::vector<int> labels(6, 0);
  const std::vector<int> parts = stratify_groups(labels, groups, {0.5, 0.5, 0}, true, stream(1));
  EXPECT_EQ(std::count(parts.begin(), parts.end(), 0), 3);
  EXPECT_EQ(std::count(parts.begin(), parts.end(), 1), 3);
}

}  // namespace
}  // namespace actrec
