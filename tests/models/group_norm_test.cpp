#include "models/group_norm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "torch_reference.h"

namespace actrec {
namespace {

struct Gradients {
  torch::Tensor y, dx, dweight, dbias;
};

Gradients run(GroupNormRelu& layer, const torch::Tensor& input, const torch::Tensor& dy) {
  layer.zero_grad();
  const torch::Tensor x = input.detach().clone(torch::MemoryFormat::Preserve).requires_grad_(true);
  const torch::Tensor y = layer.forward(x);
  y.backward(dy);
  return {y.detach(), x.grad(), layer.named_parameters()["weight"].grad().clone(),
          layer.named_parameters()["bias"].grad().clone()};
}

void randomize(GroupNormRelu& layer) {
  torch::NoGradGuard no_grad;
  for (torch::Tensor& parameter : layer.parameters()) parameter.normal_();
}

// The reference is LibTorch's own operators in float64. No gradient is sent through values so close to ReLU's
// corner that rounding decides on which side they lie.
TEST(GroupNormRelu, TheFusedKernelAgreesWithLibTorchInValuesAndGradients) {
  const auto relative_error = [](const torch::Tensor& a, const torch::Tensor& reference) {
    return max_difference(a, reference) / std::max(1.0, reference.abs().max().item<double>());
  };
  for (const auto& [groups, channels, height, width] :
       {std::tuple{8, 32, 13, 9}, {4, 12, 5, 7}, {1, 3, 1, 1}, {5, 5, 40, 40}}) {
    for (int seed = 0; seed < 20; ++seed) {
      torch::manual_seed(seed);
      GroupNormRelu layer(groups, channels);
      randomize(layer);
      const torch::Tensor x =
          (torch::randn({3, channels, height, width}) * 2 + 1).contiguous(torch::MemoryFormat::ChannelsLast);
      const torch::Tensor x64 = x.to(torch::kFloat64).requires_grad_(true);
      const torch::Tensor weight =
          layer.named_parameters()["weight"].detach().to(torch::kFloat64).requires_grad_(true);
      const torch::Tensor bias =
          layer.named_parameters()["bias"].detach().to(torch::kFloat64).requires_grad_(true);
      const torch::Tensor normalized = torch::group_norm(x64, groups, weight, bias);
      const torch::Tensor dy = torch::randn_like(x).masked_fill(normalized.abs() < 1e-4, 0);
      const torch::Tensor y = torch::relu(normalized);
      y.backward(dy.to(torch::kFloat64));

      const Gradients fused = run(layer, x, dy);
      EXPECT_LT(relative_error(fused.y, y), 1e-5) << channels << " channels, seed " << seed;
      EXPECT_LT(relative_error(fused.dx, x64.grad()), 1e-5) << channels << " channels, seed " << seed;
      EXPECT_LT(relative_error(fused.dweight, weight.grad()), 1e-5) << channels << " channels, seed " << seed;
      EXPECT_LT(relative_error(fused.dbias, bias.grad()), 1e-5) << channels << " channels, seed " << seed;
      EXPECT_TRUE(fused.dx.is_contiguous(torch::MemoryFormat::ChannelsLast));
    }
  }
}

TEST(GroupNormRelu, BothLayoutsGiveTheSame) {
  GroupNormRelu layer(4, 8);
  randomize(layer);
  const torch::Tensor x = torch::randn({2, 8, 6, 6}), dy = torch::randn({2, 8, 6, 6});
  const Gradients contiguous = run(layer, x, dy);
  const Gradients fused = run(layer, x.contiguous(torch::MemoryFormat::ChannelsLast), dy);
  EXPECT_LT(max_difference(contiguous.y, fused.y), 1e-5);
  EXPECT_LT(max_difference(contiguous.dx, fused.dx), 1e-5);
  EXPECT_LT(max_difference(contiguous.dweight, fused.dweight), 1e-4);
}

TEST(GroupNormRelu, WhatIsNotANumberStaysSoInBothLayouts) {
  const float nan = std::numeric_limits<float>::quiet_NaN(),
              infinity = std::numeric_limits<float>::infinity();
  const auto compare = [](GroupNormRelu& layer, const torch::Tensor& x) {
    const torch::Tensor dy = torch::ones_like(x);
    const Gradients contiguous = run(layer, x, dy);
    const Gradients fused = run(layer, x.contiguous(torch::MemoryFormat::ChannelsLast), dy);
    EXPECT_TRUE(contiguous.y.isnan().any().item<bool>());
    EXPECT_FALSE(contiguous.y.isnan().all().item<bool>());
    EXPECT_TRUE(torch::equal(fused.y.isnan(), contiguous.y.isnan()));
    EXPECT_TRUE(torch::equal(fused.dx.isnan(), contiguous.dx.isnan()));
    EXPECT_TRUE(torch::equal(fused.dweight.isnan(), contiguous.dweight.isnan()));
    EXPECT_TRUE(torch::equal(fused.dbias.isnan(), contiguous.dbias.isnan()));
  };
  for (const float value : {nan, infinity, -infinity}) {
    GroupNormRelu layer(2, 8);
    torch::Tensor x = torch::randn({2, 8, 6, 6});
    x.index_put_({1, 2, 3, 4}, value);
    compare(layer, x);
  }
  GroupNormRelu broken(2, 8);
  broken.named_parameters()["weight"].data()[5] = nan;
  compare(broken, torch::randn({2, 8, 6, 6}));
}

TEST(GroupNormRelu, DoesNotDependOnTheNumberOfThreads) {
  GroupNormRelu layer(8, 16);
  randomize(layer);
  const torch::Tensor x = torch::randn({5, 16, 11, 11}).contiguous(torch::MemoryFormat::ChannelsLast);
  const torch::Tensor dy = torch::randn_like(x);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const Gradients one = run(layer, x, dy);
  at::set_num_threads(3);
  const Gradients three = run(layer, x, dy);
  at::set_num_threads(threads);
  EXPECT_TRUE(torch::equal(one.y, three.y));
  EXPECT_TRUE(torch::equal(one.dx, three.dx));
  EXPECT_TRUE(torch::equal(one.dweight, three.dweight));
}

}  // namespace
}  // namespace actrec
