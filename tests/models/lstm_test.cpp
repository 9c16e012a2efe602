#include "models/lstm.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

namespace actrec {
namespace {

struct LstmCase {
  const char* name;
  std::int64_t batch, steps, layers;
  bool bidirectional;
};

class LstmParity : public ::testing::TestWithParam<LstmCase> {};

// LibTorch's LSTM is the reference, for the outputs and for all gradients.
TEST_P(LstmParity, GivesLibTorchsOutputsAndGradients) {
  torch::manual_seed(3);
  const LstmCase& is = GetParam();
  torch::nn::LSTM lstm(
      torch::nn::LSTMOptions(7, 5).num_layers(is.layers).bidirectional(is.bidirectional).batch_first(true));
  torch::Tensor input = torch::randn({is.batch, is.steps, 7}).set_requires_grad(true);
  const torch::Tensor slope = torch::randn({is.batch, is.steps, is.bidirectional ? 10 : 5});
  const auto gradients = [&](const torch::Tensor& outputs) {
    std::vector<torch::Tensor> inputs = lstm->parameters();
    inputs.push_back(input);
    return torch::autograd::grad({(outputs * slope).sum()}, inputs);
  };
  const torch::Tensor expected = std::get<0>(lstm->forward(input)), actual = lstm_outputs(lstm, input);
  ASSERT_EQ(actual.sizes(), expected.sizes());
  EXPECT_TRUE(torch::allclose(actual, expected, 1e-5, 1e-6));
  const std::vector<torch::Tensor> theirs = gradients(expected), ours = gradients(actual);
  for (std::size_t i = 0; i < theirs.size(); ++i)
    EXPECT_TRUE(torch::allclose(ours[i], theirs[i], 1e-4, 1e-5)) << i;
  const torch::NoGradGuard no_grad;
  EXPECT_TRUE(torch::allclose(lstm_outputs(lstm, input), expected, 1e-5, 1e-6));
}

INSTANTIATE_TEST_SUITE_P(Lstm, LstmParity,
                         ::testing::Values(LstmCase{"plain", 4, 9, 1, false},
                                           LstmCase{"one_clip", 1, 6, 1, false},
                                           LstmCase{"one_step", 3, 1, 1, false},
                                           LstmCase{"deep", 3, 5, 3, false},
                                           LstmCase{"bidirectional", 3, 5, 1, true},
                                           LstmCase{"deep_bidirectional", 3, 5, 2, true}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(LstmOutputs, DropOutBetweenLayersInTraining) {
  torch::manual_seed(3);
  torch::nn::LSTM lstm(torch::nn::LSTMOptions(7, 5).num_layers(2).dropout(0.5).batch_first(true));
  const torch::Tensor input = torch::randn({2, 4, 7});
  EXPECT_FALSE(torch::equal(lstm_outputs(lstm, input), lstm_outputs(lstm, input)));
  lstm->eval();
  EXPECT_TRUE(torch::equal(lstm_outputs(lstm, input), lstm_outputs(lstm, input)));
}

}  // namespace
}  // namespace actrec
