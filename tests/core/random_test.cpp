#include "core/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

namespace actrec {
namespace {

using Block = std::array<std::uint32_t, 4>;

// Known answers published with the generator (Random123's kat_vectors).
TEST(Philox, GivesThePublishedKnownAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox4x32({ones, ones, ones, ones}, {ones, ones}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(StableHash, IsFnv1a) {
  EXPECT_EQ(stable_hash(""), 0xcbf29ce484222325ULL);
  EXPECT_EQ(stable_hash("a"), 0xaf63dc4c8601ec8cULL);
  EXPECT_EQ(stable_hash("foobar"), 0x85944171f73967e8ULL);
}

TEST(KeyedRandom, IsAFunctionOfItsWholeKey) {
  std::set<std::uint64_t> firsts;
  for (const std::uint64_t seed : {0, 1, 2}) {
    for (const Purpose purpose : {Purpose::shuffle, Purpose::augment}) {
      for (const std::uint32_t epoch : {0u, 1u}) {
        for (const std::uint64_t item : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 32}) {
          KeyedRandom one(seed, purpose, epoch, item), same(seed, purpose, epoch, item);
          const std::uint64_t first = one.next64();
          EXPECT_EQ(first, same.next64());
          firsts.insert(first);
        }
      }
    }
  }
  EXPECT_EQ(firsts.size(), 3u * 2u * 2u * 3u);
}

// Results are reproducible only while a key gives the same draws and a purpose keeps its number. The draws
// were computed by a Python implementation of Philox4x32-10 and of the key's mixing.
TEST(KeyedRandom, DrawsOfAKeyNeverChange) {
  KeyedRandom first(1, Purpose::shuffle);
  EXPECT_EQ(first.next64(), 0x99672ee7e2947272ULL);
  EXPECT_EQ(first.next64(), 0x6d2b9f4be9d9220cULL);
  EXPECT_EQ(first.next64(), 0xc46ec5feac586436ULL);
  KeyedRandom second(9007199254740991ULL, Purpose::demo, 59, stable_hash("foobar"));
  EXPECT_EQ(second.next64(), 0xdc4b231913f9b457ULL);
  EXPECT_EQ(second.next64(), 0xdcb46aa9b177c1bfULL);
  EXPECT_EQ(second.next64(), 0x42497c4962adee46ULL);
  EXPECT_EQ(static_cast<int>(Purpose::demo), 8);
}

TEST(KeyedRandom, DrawsHaveTheirDistributions) {
  KeyedRandom random(5, Purpose::augment);
  constexpr int kDraws = 100000;
  double uniform = 0, normal = 0, normal_square = 0;
  std::array<int, 3> below{};
  int chances = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = random.uniform(-1, 3);
    ASSERT_GE(u, -1);
    ASSERT_LT(u, 3);
    uniform += u / kDraws;
    ++below[random.below(3)];
    chances += random.chance(0.25) ? 1 : 0;
    const double n = random.normal();
    normal += n / kDraws;
    normal_square += n * n / kDraws;
  }
  // Five standard errors either way.
  EXPECT_NEAR(uniform, 1, 5 * 4 / std::sqrt(12.0 * kDraws));
  for (const int count : below) EXPECT_NEAR(count, kDraws / 3.0, 5 * std::sqrt(kDraws * 2.0 / 9));
  EXPECT_NEAR(chances, kDraws / 4.0, 5 * std::sqrt(kDraws * 3.0 / 16));
  EXPECT_NEAR(normal, 0, 5 / std::sqrt(1.0 * kDraws));
  EXPECT_NEAR(normal_square, 1, 5 * std::sqrt(2.0 / kDraws));
}

TEST(KeyedRandom, ShuffleGivesEveryPermutationAlike) {
  std::map<std::vector<int>, int> counts;
  constexpr int kShuffles = 6000;
  for (int i = 0; i < kShuffles; ++i) {
    std::vector<int> items{1, 2, 3};
    KeyedRandom(1, Purpose::shuffle, 0, static_cast<std::uint64_t>(i)).shuffle(items);
    ++counts[items];
  }
  ASSERT_EQ(counts.size(), 6u);
  for (const auto& [items, count] : counts) EXPECT_NEAR(count, 1000, 5 * std::sqrt(1000 * 5.0 / 6));
}

}  // namespace
}  // namespace actrec
