#include "models/temporal.h"

#include <gtest/gtest.h>

#include "torch_reference.h"

namespace actrec {
namespace {

struct RecurrentCase {
  const char* name;
  TemporalType type;
  int layers;
  bool bidirectional;
};

class RecurrentParity : public ::testing::TestWithParam<RecurrentCase> {};

TEST_P(RecurrentParity, AgreesWithPyTorchForEveryPooling) {
  ACTREC_NEED_TORCH_REFERENCE();
  TemporalSettings settings;
  settings.type = GetParam().type;
  settings.hidden = 6;
  settings.layers = GetParam().layers;
  settings.bidirectional = GetParam().bidirectional;
  const std::string name = GetParam().name;
  for (const TemporalPool pool :
       {TemporalPool::last, TemporalPool::mean, TemporalPool::max, TemporalPool::attention}) {
    settings.pool = pool;
    const auto head = make_temporal(settings, 7);
    load_reference(*head, name + "/");
    const torch::Tensor expected =
        reference_tensor(name + "/" + Names<TemporalPool>::kSpellings[static_cast<std::size_t>(pool)]);
    const torch::Tensor actual = head->forward(reference_tensor(name + "/x"));
    ASSERT_EQ(actual.sizes(), expected.sizes());
    ASSERT_EQ(actual.size(1), head->dim());
    EXPECT_LT(max_difference(actual, expected), 1e-5) << name << " pool " << static_cast<int>(pool);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Temporal, RecurrentParity,
    ::testing::Values(RecurrentCase{"lstm", TemporalType::lstm, 1, false},
                      RecurrentCase{"lstm_deep_bidirectional", TemporalType::lstm, 2, true},
                      RecurrentCase{"gru", TemporalType::gru, 1, false},
                      RecurrentCase{"gru_deep_bidirectional", TemporalType::gru, 2, true}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(TemporalHead, ReadingFrameByFrameIsReadingAll) {
  torch::manual_seed(7);
  torch::NoGradGuard no_grad;
  const torch::Tensor features = torch::randn({1, 9, 7});
  for (const TemporalType type : {TemporalType::lstm, TemporalType::gru, TemporalType::mean}) {
    for (const TemporalPool pool :
         {TemporalPool::last, TemporalPool::mean, TemporalPool::max, TemporalPool::attention}) {
      TemporalSettings settings;
      settings.type = type;
      settings.hidden = 6;
      settings.layers = 2;
      settings.pool = pool;
      const auto head = make_temporal(settings, 7);
      head->eval();
      ASSERT_TRUE(head->can_step());
      TemporalState state;
      constexpr std::int64_t kWindow = 5;
      for (std::int64_t t = 0; t < 9; ++t) {
        const torch::Tensor stepped = head->step(features.narrow(1, t, 1), kWindow, state);
        const torch::Tensor whole = head->forward(features.narrow(1, 0, t + 1));
        const bool same = t < kWindow || (pool == TemporalPool::last && type != TemporalType::mean);
        EXPECT_EQ(max_difference(stepped, whole) < 1e-6, same) << t;
      }
    }
  }
  TemporalSettings both_ways;
  both_ways.bidirectional = true;
  EXPECT_FALSE(make_temporal(both_ways, 7)->can_step());
}

TEST(MeanHead, AveragesOverTimeAndIgnoresOrder) {
  TemporalSettings settings;
  settings.type = TemporalType::mean;
  const auto head = make_temporal(settings, 2);
  const torch::Tensor features = torch::tensor({{{1.f, 2.f}, {3.f, 6.f}, {5.f, 1.f}}});
  EXPECT_LT(max_difference(head->forward(features), torch::tensor({{3.f, 3.f}})), 1e-6);
  EXPECT_LT(max_difference(head->forward(features.flip(1)), head->forward(features)), 1e-6);
}

TEST(RecurrentInitialisation, IsOrthogonalPerGateWithOpenForgetGates) {
  TemporalSettings settings;
  settings.hidden = 10;
  settings.layers = 2;
  settings.bidirectional = true;
  const auto head = make_temporal(settings, 4);
  int matrices = 0, biases = 0;
  for (const auto& parameter : head->named_parameters()) {
    const torch::Tensor& value = parameter.value();
    if (parameter.key().find("weight_hh") != std::string::npos) {
      for (const torch::Tensor& gate : value.chunk(4)) {
        EXPECT_LT(max_difference(gate.mm(gate.t()), torch::eye(10)), 1e-5) << parameter.key();
        ++matrices;
      }
    } else if (parameter.key().find("bias_ih") != std::string::npos) {
      EXPECT_TRUE(torch::equal(value, torch::cat({torch::zeros(10), torch::ones(10), torch::zeros(20)})));
      ++biases;
    } else if (parameter.key().find("bias_hh") != std::string::npos) {
      EXPECT_TRUE(torch::equal(value, torch::zeros(40)));
    }
  }
  EXPECT_EQ(matrices, 16);
  EXPECT_EQ(biases, 4);
}

}  // namespace
}  // namespace actrec
