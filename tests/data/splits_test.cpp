#include "data/splits.h"

#include <algorithm>
#include <set>

#include "data/dataset_tree.h"
#include "data/split_fixtures.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;
using testing::by;
using testing::contains;
using testing::expect_error;
using testing::expect_no_shared_groups;
using testing::expect_partition;
using testing::fold_of;
using testing::groups_of;
using testing::Lines;
using testing::LogCapture;
using testing::names;
using testing::people;
using testing::share;
using testing::shared_groups;
using testing::shared_list;
using testing::with_splits;
using testing::without_groups;

class Splits : public ::testing::Test {
 protected:
  const LogCapture log_;
};

TEST_F(Splits, ByGroupKeepsGroupsTogetherAndClassesEven) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const DatasetIndex index = people(6, 20, 2);
    const DataSplits splits = make_splits(index, SplitSettings{}, seed);
    EXPECT_EQ(splits.method, "by group");
    EXPECT_FALSE(splits.random);
    expect_partition(splits, index);
    expect_no_shared_groups(splits);
    for (int c = 0; c < 6; ++c) {
      EXPECT_NEAR(share(splits.train, c, index), 0.7, 0.051);
      EXPECT_NEAR(share(splits.val, c, index), 0.15, 0.051);
      EXPECT_NEAR(share(splits.test, c, index), 0.15, 0.051);
    }
  }
}

TEST_F(Splits, AreAFunctionOfTheSeed) {
  for (const DatasetIndex& index : {people(4, 12, 2), without_groups(people(4, 12, 2))}) {
    std::set<std::string> fingerprints;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const DataSplits once = make_splits(index, SplitSettings{}, seed);
      const DataSplits again = make_splits(index, SplitSettings{}, seed);
      EXPECT_EQ(names(once.train), names(again.train));
      EXPECT_EQ(names(once.val), names(again.val));
      EXPECT_EQ(once.fingerprint, again.fingerprint);
      fingerprints.insert(once.fingerprint);
    }
    EXPECT_GE(fingerprints.size(), 18u);
  }
}

TEST_F(Splits, RandomSplitsSaySoLoudly) {
  const DatasetIndex index = without_groups(people(5, 10, 2));
  const DataSplits splits = make_splits(index, SplitSettings{}, 7);
  EXPECT_EQ(splits.method, "RANDOM SPLIT");
  EXPECT_TRUE(splits.random);
  EXPECT_TRUE(contains(log_.text(), "warning: RANDOM SPLIT")) << log_.text();
  EXPECT_TRUE(contains(log_.text(), "data.split.group_pattern")) << log_.text();
  expect_partition(splits, index);
  EXPECT_EQ(splits.val.size(), 15u);
  EXPECT_EQ(splits.test.size(), 15u);
}

TEST_F(Splits, RandomCanBeAskedForDespiteGroups) {
  const DataSplits splits = make_splits(people(5, 10, 2), by(SplitBy::random), 7);
  EXPECT_TRUE(splits.random);
  EXPECT_GT(shared_groups(splits.train, splits.test), 0u);
}

TEST_F(Splits, FoldsByGroupTestEveryClipOnce) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (const int folds : {3, 4, 5, 10}) {
      const DatasetIndex index = people(4, 10, 1);
      std::vector<Lines> tests, vals;
      Lines tested;
      for (int fold = 0; fold < folds; ++fold) {
        const DataSplits splits = make_splits(index, fold_of(fold, folds), seed);
        expect_partition(splits, index);
        expect_no_shared_groups(splits);
        EXPECT_FALSE(splits.random);
        tests.push_back(names(splits.test));
        vals.push_back(names(splits.val));
        tested.insert(tested.end(), tests.back().begin(), tests.back().end());
        EXPECT_NEAR(static_cast<double>(splits.test.size()), 40.0 / folds, 4);  // within a group
      }
      std::sort(tested.begin(), tested.end());
      EXPECT_EQ(tested, names(index.clips));
      for (int fold = 0; fold < folds; ++fold) {
        EXPECT_EQ(vals[static_cast<std::size_t>(fold)], tests[static_cast<std::size_t>((fold + 1) % folds)]);
      }
    }
  }
}

TEST_F(Splits, FoldsSayWhatTheyAre) {
  EXPECT_EQ(make_splits(people(4, 10, 1), fold_of(1, 5), 1).method, "fold 2 of 5 by group");
  const DataSplits random = make_splits(without_groups(people(4, 10, 1)), fold_of(1, 5), 1);
  EXPECT_EQ(random.method, "fold 2 of 5 RANDOM SPLIT");
  EXPECT_TRUE(random.random);
  EXPECT_EQ(random.test.size(), 8u);
}

TEST_F(Splits, TwoFoldsTakeValidationFromTrain) {
  const DatasetIndex index = people(4, 10, 1);
  const DataSplits first = make_splits(index, fold_of(0, 2), 1);
  const DataSplits second = make_splits(index, fold_of(1, 2), 1);
  for (const DataSplits* splits : {&first, &second}) {
    expect_partition(*splits, index);
    expect_no_shared_groups(*splits);
    EXPECT_EQ(splits->val.size(), 4u);  // one of five people
  }
  EXPECT_EQ(first.test.size() + second.test.size(), 40u);
}

TEST_F(Splits, FoldsDivideGivenSplitsAnew) {
  const DatasetIndex index = with_splits(people(4, 10, 1), 1, 2);
  EXPECT_EQ(make_splits(index, fold_of(0, 5), 1).method, "fold 1 of 5 by group");
}

TEST_F(Splits, GivenSplitsAreKept) {
  const DatasetIndex index = with_splits(people(3, 10, 1), 2, 3);
  const DataSplits splits = make_splits(index, SplitSettings{}, 1);
  EXPECT_EQ(splits.method, "as given");
  EXPECT_FALSE(splits.random);
  expect_partition(splits, index);
  EXPECT_EQ(groups_of(splits.val), (std::set<std::string>{"p05", "p06"}));
  EXPECT_EQ(groups_of(splits.test), (std::set<std::string>{"p07", "p08", "p09"}));
}

TEST_F(Splits, ValidationComesFromTrainByGroup) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const DatasetIndex index = with_splits(people(3, 13, 2), 0, 3);
    const DataSplits splits = make_splits(index, SplitSettings{}, seed);
    EXPECT_EQ(splits.method, "as given, val from train by group");
    EXPECT_FALSE(splits.random);
    expect_partition(splits, index);
    expect_no_shared_groups(splits);
    EXPECT_EQ(groups_of(splits.test), (std::set<std::string>{"p10", "p11", "p12"}));
    EXPECT_GE(groups_of(splits.val).size(), 1u);  // of 10 people, 15% are one or two
    EXPECT_LE(groups_of(splits.val).size(), 2u);
  }
}

TEST_F(Splits, ValidationComesFromTrainAtRandomWithoutGroups) {
  const DatasetIndex index = without_groups(with_splits(people(3, 12, 2), 0, 2));
  const DataSplits splits = make_splits(index, SplitSettings{}, 1);
  EXPECT_EQ(splits.method, "as given, val from train at random");
  EXPECT_FALSE(splits.random);       // the test split is as given
  EXPECT_EQ(splits.val.size(), 9u);  // 15% of 60
  EXPECT_EQ(splits.test.size(), 12u);
  const DataSplits untested =
      make_splits(without_groups(with_splits(people(3, 12, 2), 0, 0)), SplitSettings{}, 1);
  EXPECT_TRUE(untested.random);
  EXPECT_EQ(untested.method, "as given, val from train at random: RANDOM SPLIT");
}

TEST_F(Splits, OfficialSplitsAreNamed) {
  DatasetIndex index = with_splits(people(3, 10, 1), 0, 3);
  index.official_split = 2;
  EXPECT_EQ(make_splits(index, SplitSettings{}, 1).method, "official split 2, val from train by group");
}

TEST_F(Splits, LeaksAreErrorsUnlessAskedFor) {
  DatasetIndex index = with_splits(people(3, 10, 2), 2, 3);
  index.clips[0].split = "test";  // of p00, whose other clips train
  expect_error<DataError>(
      [&] { make_splits(index, SplitSettings{}, 1); },
      {"1 group", "'p00'", "class00/p00_00.mp4", "data.split.by=group", "data.split.by=given"});
  const DataSplits splits = make_splits(index, by(SplitBy::given), 1);
  EXPECT_EQ(splits.test.size(), 19u);
  EXPECT_TRUE(contains(log_.text(), "warning: LEAK")) << log_.text();
  EXPECT_EQ(make_splits(index, by(SplitBy::group), 1).method, "by group");
}

TEST_F(Splits, RefusesWhatTheDataCannotGive) {
  const DatasetIndex grouped = people(3, 2, 4);
  const DatasetIndex plain = without_groups(grouped);
  expect_error<DataError>([&] { make_splits(plain, by(SplitBy::group), 1); },
                          {"no groups", "column 'group'", "group_pattern"});
  expect_error<DataError>([&] { make_splits(plain, by(SplitBy::given), 1); },
                          {"names no splits", "column 'split'"});
  expect_error<DataError>([&] { make_splits(grouped, SplitSettings{}, 1); },
                          {"2 groups", "train, val and test"});
  expect_error<DataError>([&] { make_splits(grouped, fold_of(0, 3), 1); }, {"2 groups", "3 folds"});
  expect_error<DataError>([&] { make_splits(plain, fold_of(0, 100), 1); }, {"24 clips", "100 folds"});
}

TEST_F(Splits, RefusesNoShareForValidationWhereOneIsNeeded) {
  const DatasetIndex index = people(3, 10, 1);
  for (SplitSettings settings : {by(SplitBy::group), by(SplitBy::random), fold_of(0, 2)}) {
    settings.val = 0;
    expect_error<ConfigError>([&] { make_splits(index, settings, 1); }, {"data.split.val"});
  }
  SplitSettings none;
  none.val = 0;
  expect_error<ConfigError>([&] { make_splits(with_splits(index, 0, 3), none, 1); }, {"data.split.val"});
  EXPECT_EQ(make_splits(with_splits(index, 2, 3), none, 1).method, "as given");
  none.folds = 3;
  EXPECT_EQ(make_splits(index, none, 1).method, "fold 1 of 3 by group");
}

TEST_F(Splits, RefusesClassesWithoutTrainingClips) {
  DatasetIndex index = people(3, 10, 1);
  for (ClipRef& clip : index.clips) {
    if (clip.label == 2) clip.group = "lonely";  // in the fold that tests it, nobody trains it
  }
  int refused = 0;
  for (int fold = 0; fold < 5; ++fold) {
    try {
      make_splits(index, fold_of(fold, 5), 1);
    } catch (const DataError& error) {
      EXPECT_TRUE(contains(error.what(), "class02")) << error.what();
      ++refused;
    }
  }
  EXPECT_EQ(refused, 2);  // as the test fold and as the validation fold
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(share(make_splits(index, SplitSettings{}, seed).train, 2, index), 1);
  }
}

TEST_F(Splits, WarnsOfClassesMissingFromValAndTest) {
  DatasetIndex index = with_splits(people(3, 10, 1), 2, 2);
  for (ClipRef& clip : index.clips) {
    if (clip.label == 1 && clip.split == "test") clip.split = "val";
  }
  make_splits(without_groups(index), SplitSettings{}, 1);
  EXPECT_TRUE(contains(log_.text(), "warning: the test split has no clips of class01")) << log_.text();
}

TEST_F(Splits, SmallClassesReachValAndTest) {
  const DatasetIndex index = without_groups(people(4, 3, 1));
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const DataSplits splits = make_splits(index, SplitSettings{}, seed);
    for (int c = 0; c < 4; ++c) {
      EXPECT_NEAR(share(splits.val, c, index), 1.0 / 3, 1e-9);
      EXPECT_NEAR(share(splits.test, c, index), 1.0 / 3, 1e-9);
    }
  }
}

TEST_F(Splits, NoTestShareMeansNoTest) {
  SplitSettings settings;
  settings.test = 0;
  EXPECT_TRUE(make_splits(people(4, 10, 1), settings, 1).test.empty());
  EXPECT_TRUE(make_splits(without_groups(people(4, 10, 1)), settings, 1).test.empty());
}

TEST_F(Splits, AreFoundByName) {
  const DataSplits splits = make_splits(people(3, 10, 1), SplitSettings{}, 1);
  EXPECT_EQ(&splits.split("val"), &splits.val);
  expect_error<ConfigError>([&] { splits.split("tset"); }, {"'tset'", "did you mean 'test'?"});
}

TEST(SplitFingerprint, DependsOnClipsLabelsAndSplitsOnly) {
  const DataSplits splits = make_splits(people(3, 10, 1), SplitSettings{}, 1);
  EXPECT_EQ(splits.fingerprint.size(), 16u);
  DataSplits other = splits;
  std::reverse(other.train.begin(), other.train.end());
  other.train[0].path = "elsewhere/x.mp4";
  EXPECT_EQ(split_fingerprint(other), splits.fingerprint);
  other.train[0].label = (other.train[0].label + 1) % 3;
  EXPECT_NE(split_fingerprint(other), splits.fingerprint);
  other = splits;
  std::swap(other.val[0], other.test[0]);
  EXPECT_NE(split_fingerprint(other), splits.fingerprint);
  other = splits;
  other.val[0].name += "x";
  EXPECT_NE(split_fingerprint(other), splits.fingerprint);
}

// FNV-1a 64 of "test\tb\ty\ntrain\ta\tx\nval\ta\tz\n", computed with a separate implementation in Python.
TEST(SplitFingerprint, IsStable) {
  DataSplits splits;
  splits.classes = {"a", "b"};
  const auto clip = [](const char* name, int label) {
    ClipRef ref;
    ref.name = name;
    ref.label = label;
    return ref;
  };
  splits.train = {clip("x", 0)};
  splits.val = {clip("z", 0)};
  splits.test = {clip("y", 1)};
  EXPECT_EQ(split_fingerprint(splits), "49556f2d6d072e33");
}

TEST_F(Splits, DividesTheRealRecordings) {
  const fs::path list = shared_list("ut-interaction-set1");
  if (!fs::exists(list)) GTEST_SKIP() << "no shared video at " << list;
  DataSettings settings;
  settings.path = list;
  const DatasetIndex index = read_dataset(settings);
  const DataSplits given = make_splits(index, SplitSettings{}, 1);
  EXPECT_EQ(given.method, "as given");
  // Ten recordings of six actions: six train, two validate, two test. One recording has two punches, another
  // none.
  EXPECT_EQ(given.train.size(), 35u);
  EXPECT_EQ(given.val.size(), 13u);
  EXPECT_EQ(given.test.size(), 12u);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (int fold = 0; fold < 5; ++fold) {
      const DataSplits splits = make_splits(index, fold_of(fold, 5), seed);
      expect_partition(splits, index);
      expect_no_shared_groups(splits);
      EXPECT_EQ(groups_of(splits.test).size(), 2u);
      EXPECT_GE(splits.test.size(), 11u);
      EXPECT_LE(splits.test.size(), 13u);
    }
  }
}

TEST_F(Splits, KeepsTheRealGestures) {
  const fs::path list = shared_list("gesture-pairs");
  if (!fs::exists(list)) GTEST_SKIP() << "no shared video at " << list;
  DataSettings settings;
  settings.path = list;
  const DataSplits splits = make_splits(read_dataset(settings), SplitSettings{}, 1);
  EXPECT_EQ(splits.train.size(), 117u);
  EXPECT_EQ(splits.val.size(), 24u);
  EXPECT_EQ(splits.test.size(), 23u);
}

}  // namespace
}  // namespace actrec
