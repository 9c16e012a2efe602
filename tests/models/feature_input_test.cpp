#include "models/feature_input.h"

#include <gtest/gtest.h>

namespace actrec {
namespace {

TEST(FeatureInput, PassesFeaturesOnByDefault) {
  FeatureInput input(TemporalSettings(), 6);
  const torch::Tensor x = torch::randn({2, 3, 6});
  EXPECT_EQ(input.dim(), 6);
  EXPECT_TRUE(torch::equal(input.forward(x), x));
  EXPECT_TRUE(input.parameters().empty());
}

TEST(FeatureInput, StandardisesByTheMeasuredStatistics) {
  TemporalSettings settings;
  settings.standardize = true;
  FeatureInput input(settings, 3);
  // A tenth of the mean deviation, 0.2, is added.
  input.set_statistics(torch::tensor({1.F, 10.F, 5.F}), torch::tensor({2.F, 4.F, 0.F}));
  const torch::Tensor y = input.forward(torch::tensor({{{3.F, 6.F, 6.F}}}));
  EXPECT_TRUE(torch::allclose(y, torch::tensor({{{2 / 2.2F, -4 / 4.2F, 1 / 0.2F}}}), 1e-4));
  EXPECT_EQ(input.named_buffers().size(), 2U) << "the statistics belong to the checkpoint";
}

TEST(FeatureInput, JoinsDifferencesFromTheFrameBefore) {
  TemporalSettings settings;
  settings.differences = true;
  const torch::Tensor x = torch::tensor({{{1.F, 10.F}, {4.F, 8.F}, {5.F, 8.F}}});
  FeatureInput input(settings, 2);
  EXPECT_EQ(input.dim(), 4);
  EXPECT_TRUE(
      torch::equal(input.forward(x),
                   torch::tensor({{{1.F, 10.F, 0.F, 0.F}, {4.F, 8.F, 3.F, -2.F}, {5.F, 8.F, 1.F, 0.F}}})));
  const torch::Tensor last = input.forward(x.narrow(1, 2, 1), x.narrow(1, 1, 1));
  EXPECT_TRUE(torch::equal(last, torch::tensor({{{5.F, 8.F, 1.F, 0.F}}}))) << "one more frame";

  settings.standardize = true;
  FeatureInput standard(settings, 2);
  standard.set_statistics(torch::tensor({1.F, 10.F}), torch::tensor({2.F, 4.F}));  // a tenth of 3 is added
  EXPECT_TRUE(torch::allclose(standard.forward(x)[0][1],
                              torch::tensor({3 / 2.3F, -2 / 4.3F, 3 / 2.3F, -2 / 4.3F}), 1e-4));
}

TEST(FeatureInput, DropsTheSameFeaturesOfAllFramesOfAClip) {
  TemporalSettings settings;
  settings.input_dropout = 0.25;
  FeatureInput input(settings, 4000);
  const torch::Tensor x = torch::ones({2, 5, 4000});
  const torch::Tensor y = input.forward(x);
  for (int frame = 1; frame < 5; ++frame) EXPECT_TRUE(torch::equal(y.select(1, frame), y.select(1, 0)));
  EXPECT_FALSE(torch::equal(y[0], y[1])) << "each clip has its own draw";
  EXPECT_NEAR((y == 0).to(torch::kFloat32).mean().item<float>(), 0.25, 0.03);
  EXPECT_TRUE(torch::allclose(y.max(), torch::tensor(1 / 0.75F)));
  input.eval();
  EXPECT_TRUE(torch::equal(input.forward(x), x));
}

TEST(FeatureInput, ProjectsToNormalisedUnits) {
  TemporalSettings settings;
  settings.projection = 7;
  FeatureInput input(settings, 4);
  EXPECT_EQ(input.dim(), 7);
  const torch::Tensor x = torch::randn({2, 3, 4});
  const auto parameters = input.named_parameters();
  const torch::Tensor z =
      torch::matmul(x, parameters["projection.weight"].t()) + parameters["projection.bias"];
  const torch::Tensor normal = (z - z.mean(-1, true)) / torch::sqrt(z.var(-1, false, true) + 1e-5);
  EXPECT_TRUE(torch::allclose(input.forward(x), torch::relu(normal), 1e-4, 1e-5));
}

}  // namespace
}  // namespace actrec
