#include "engine/cutmix.h"

#include <gtest/gtest.h>

#include <set>

namespace actrec {
namespace {

// Each clip is of one value, its label: where another value stands, another clip does.
torch::Tensor constant_clips(std::int64_t count, std::vector<std::int64_t> rest, torch::ScalarType type) {
  std::vector<std::int64_t> shape{count}, ones{count};
  shape.insert(shape.end(), rest.begin(), rest.end());
  ones.resize(shape.size(), 1);
  return torch::arange(count).to(type).view(ones).expand(shape).contiguous();
}

// Checks one draw; [B, T, H, W] with any one channel.
void expect_a_rectangle(const torch::Tensor& mixed, const torch::Tensor& labels, const MixedClips& result) {
  const torch::Tensor changed = mixed != labels.view({-1, 1, 1, 1}).to(mixed.scalar_type());
  for (std::int64_t clip = 0; clip < mixed.size(0); ++clip) {
    const torch::Tensor here = changed[clip];
    EXPECT_TRUE(torch::equal(here, here[0].expand_as(here))) << "the same in all frames";
    if (!here.any().item<bool>()) continue;
    const torch::Tensor rows = here[0].any(1), columns = here[0].any(0);
    EXPECT_EQ(here[0].sum().item<std::int64_t>(),
              rows.sum().item<std::int64_t>() * columns.sum().item<std::int64_t>())
        << "a rectangle";
    const auto other = result.other_labels[clip].item<std::int64_t>();
    EXPECT_TRUE((mixed[clip].masked_select(here) == other).all().item<bool>());
    EXPECT_NEAR(1 - result.own, here[0].to(torch::kFloat32).mean().item<double>(), 1e-6);
  }
}

TEST(CutAndMix, TakesARectangleOfAnotherClipAndCountsLabelsByArea) {
  torch::manual_seed(5);
  const torch::Tensor labels = torch::arange(6);
  const torch::Tensor clips = constant_clips(6, {3, 10, 14, 3}, torch::kUInt8);
  std::set<double> shares;
  for (int draw = 0; draw < 50; ++draw) {
    const MixedClips result = cut_and_mix(clips, labels, 1);
    ASSERT_EQ(result.clips.sizes(), clips.sizes());
    expect_a_rectangle(result.clips.select(4, 1), labels, result);
    shares.insert(result.own);
  }
  EXPECT_GT(shares.size(), 20u);
  EXPECT_LT(*shares.begin(), 0.3);
  EXPECT_GT(*shares.rbegin(), 0.9);
  EXPECT_TRUE(torch::equal(clips, constant_clips(6, {3, 10, 14, 3}, torch::kUInt8)))
      << "they stay as they are";
}

TEST(CutAndMix, CutsFeaturesByCells) {
  torch::manual_seed(5);
  const torch::Tensor labels = torch::arange(4);
  const torch::Tensor clips = constant_clips(4, {3, 7 * 4 * 4}, torch::kFloat32);
  for (int draw = 0; draw < 50; ++draw) {
    const MixedClips result = cut_and_mix(clips, labels, 4);
    ASSERT_EQ(result.clips.sizes(), clips.sizes());
    expect_a_rectangle(result.clips.view({4, 3, 7, 4, 4}).select(2, 6), labels, result);
  }
}

TEST(CutAndMix, AClipAloneStaysItself) {
  const torch::Tensor clip = torch::randn({1, 2, 8}), label = torch::tensor({3});
  const MixedClips result = cut_and_mix(clip, label, 2);
  EXPECT_TRUE(torch::equal(result.clips, clip));
  EXPECT_TRUE(torch::equal(result.other_labels, label));
}

}  // namespace
}  // namespace actrec
