#include "models/recogniser.h"

#include <gtest/gtest.h>

#include "torch_reference.h"

namespace actrec {
namespace {

PixelStatistics half() { return {{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}}; }

TEST(Recogniser, NormalisesLikePyTorchWithoutLosingChannelsLast) {
  ACTREC_NEED_TORCH_REFERENCE();
  const Recogniser model(ModelSettings(), FrameSize(4, 5), 2, {{0.1, 0.45, 0.8}, {0.2, 0.5, 0.3}});
  const torch::Tensor normal = model.normalize(reference_tensor("normalize/x"));
  EXPECT_LT(max_difference(normal, reference_tensor("normalize/y")), 1e-5);
  EXPECT_TRUE(normal.is_contiguous(torch::MemoryFormat::ChannelsLast));
}

TEST(Recogniser, GivesLogitsForEveryClassAndAnyLength) {
  Recogniser model(ModelSettings(), FrameSize(16, 24), 5, half());
  for (const std::int64_t frames : {1, 3, 20}) {
    const torch::Tensor clips = torch::randint(0, 256, {2, frames, 16, 24, 3}, torch::kUInt8);
    EXPECT_EQ(model.forward(clips).sizes(), (std::vector<std::int64_t>{2, 5}));
  }
}

TEST(Recogniser, ClassifiesAClipAloneAsInABatch) {
  Recogniser model(ModelSettings(), FrameSize(16, 16), 3, half());
  model.eval();
  const torch::Tensor clips = torch::randint(0, 256, {4, 6, 16, 16, 3}, torch::kUInt8);
  const torch::Tensor together = model.forward(clips);
  for (std::int64_t i = 0; i < 4; ++i) {
    EXPECT_LT(max_difference(model.forward(clips.narrow(0, i, 1)), together.narrow(0, i, 1)), 1e-5);
  }
}

TEST(Recogniser, LearnsInEveryPart) {
  ModelSettings settings;
  settings.temporal.pool = TemporalPool::attention;
  Recogniser model(settings, FrameSize(32, 32), 3, half());
  torch::cross_entropy_loss(model.forward(torch::randint(0, 256, {2, 4, 32, 32, 3}, torch::kUInt8)),
                            torch::tensor({0, 2}))
      .backward();
  for (const auto& parameter : model.named_parameters()) {
    ASSERT_TRUE(parameter.value().grad().defined()) << parameter.key();
    EXPECT_GT(parameter.value().grad().abs().sum().item<float>(), 0) << parameter.key();
  }
}

// bfloat16 has eight bits: a difference, but a small one; in evaluation mode none.
TEST(Recogniser, TrainsInBfloat16AndEvaluatesInFloat32) {
  for (const EncoderType type : {EncoderType::small_cnn, EncoderType::dense, EncoderType::resnet18,
                                 EncoderType::mobilenet_v2, EncoderType::efficientnet_lite0}) {
    SCOPED_TRACE(static_cast<int>(type));
    ModelSettings settings;
    settings.encoder.type = type;
    settings.encoder.batch_norm =
        BatchNormMode::frozen;  // statistics of a few pixels would enlarge the rounding
    settings.dropout = 0;
    torch::manual_seed(1);
    Recogniser model(settings, FrameSize(32, 32), 3, half());
    model.train();
    // Patches, as pictures have them: what is left of noise after averaging is all rounding.
    const torch::Tensor clips = torch::randint(0, 256, {4, 4, 4, 4, 3}, torch::kUInt8)
                                    .repeat_interleave(8, 2)
                                    .repeat_interleave(8, 3);
    const auto gradient = [&] {
      model.zero_grad();
      const torch::Tensor logits = model.forward(clips);
      EXPECT_EQ(logits.scalar_type(), torch::kFloat32);
      torch::cross_entropy_loss(logits, torch::tensor({0, 2, 1, 0})).backward();
      std::vector<torch::Tensor> all;
      for (const torch::Tensor& parameter : model.parameters()) {
        EXPECT_EQ(parameter.grad().scalar_type(), torch::kFloat32);
        all.push_back(parameter.grad().flatten());
      }
      return torch::cat(all).clone();
    };
    const torch::Tensor exact = gradient();
    const torch::Tensor exact_features = model.encode(clips);
    model.set_precision(Precision::bf16);
    const torch::Tensor rounded_features = model.encode(clips);
    const double difference =
        ((rounded_features - exact_features).norm() / exact_features.norm()).item<double>();
    EXPECT_GT(difference, 1e-5);
    EXPECT_LT(difference, 2e-2);
    // Rounding adds up along the fifty convolutions of the networks for phones.
    const bool deep = type == EncoderType::mobilenet_v2 || type == EncoderType::efficientnet_lite0;
    EXPECT_GT(torch::cosine_similarity(gradient(), exact, 0).item<double>(), deep ? 0.9 : 0.95);
    model.eval();
    const torch::Tensor evaluated = model.encode(clips);
    model.set_precision(Precision::fp32);
    EXPECT_TRUE(torch::equal(evaluated, model.encode(clips)));
  }
}

TEST(CountParameters, IsWhatTheModelHas) {
  for (const EncoderType encoder : {EncoderType::small_cnn, EncoderType::dense}) {
    for (const TemporalType temporal : {TemporalType::lstm, TemporalType::gru, TemporalType::mean}) {
      for (const bool bidirectional : {false, true}) {
        ModelSettings settings;
        settings.encoder.type = encoder;
        settings.encoder.channels = {4, 6};
        settings.encoder.units = 7;
        settings.temporal.type = temporal;
        settings.temporal.projection = bidirectional ? 3 : 0;
        settings.temporal.differences = temporal != TemporalType::gru;
        settings.temporal.hidden = 5;
        settings.temporal.layers = 2;
        settings.temporal.bidirectional = bidirectional;
        settings.temporal.pool = bidirectional ? TemporalPool::attention : TemporalPool::last;
        const Recogniser model(settings, FrameSize(8, 10), 3, half());
        std::int64_t count = 0;
        for (const torch::Tensor& parameter : model.parameters()) count += parameter.numel();
        EXPECT_EQ(count_parameters(settings, FrameSize(8, 10), 3), count);
      }
    }
  }
}

TEST(Recogniser, ReadingFrameByFrameIsReadingAllWithDifferencesToo) {
  torch::NoGradGuard no_grad;
  ModelSettings settings;
  settings.temporal.differences = true;
  settings.temporal.projection = 6;
  Recogniser model(settings, FrameSize(16, 16), 3, half());
  model.eval();
  const torch::Tensor features = torch::randn({1, 5, model.encoder().dim()});
  TemporalState state;
  torch::Tensor logits;
  for (std::int64_t t = 0; t < 5; ++t) logits = model.classify_next(features.narrow(1, t, 1), 5, state);
  EXPECT_TRUE(torch::allclose(logits, model.classify(features), 1e-5, 1e-6));
}

TEST(Recogniser, LetsOnlyTheLastStagesLearn) {
  ModelSettings settings;
  settings.encoder.channels = {8, 8, 8};
  Recogniser model(settings, FrameSize(16, 16), 2, {{0, 0, 0}, {1, 1, 1}});
  const auto learning = [&](TrainableStages stages) {
    model.set_trainable(stages);
    model.zero_grad();
    for (torch::Tensor& parameter : model.parameters()) parameter.mutable_grad() = torch::Tensor();
    model.forward(torch::randint(0, 256, {2, 3, 16, 16, 3}, torch::kUInt8)).sum().backward();
    std::string names;
    for (const char* name : {"encoder.blocks.0.conv.weight", "encoder.blocks.1.norm.bias",
                             "encoder.blocks.2.conv.weight", "temporal.rnn.weight_hh_l0"}) {
      names += model.named_parameters()[name].grad().defined() ? '+' : '-';
    }
    return names;
  };
  EXPECT_EQ(learning(TrainableStages::all()), "++++");
  EXPECT_EQ(learning({1}), "--++");
  EXPECT_EQ(learning(TrainableStages::none()), "---+");
  EXPECT_EQ(learning({2}), "-+++");
  EXPECT_EQ(learning({7}), "++++");
}

TEST(Recogniser, FeaturesOfAFrozenEncoderSurviveFloat16) {
  ModelSettings settings;
  settings.encoder.trainable = TrainableStages::none();
  Recogniser model(settings, FrameSize(16, 16), 2, {{0, 0, 0}, {1, 1, 1}});
  model.eval();
  const torch::Tensor clips = torch::randint(0, 256, {2, 3, 16, 16, 3}, torch::kUInt8);
  const torch::Tensor features = model.encode(clips).to(torch::kFloat16);
  EXPECT_TRUE(torch::equal(model.forward(features), model.forward(clips)));
}

}  // namespace
}  // namespace actrec
