#include "models/encoder.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "models/encoder_weights.h"
#include "models/small_cnn.h"
#include "torch_reference.h"

namespace actrec {
namespace {

TEST(SmallCnn, AgreesWithPyTorchInBothMemoryLayouts) {
  ACTREC_NEED_TORCH_REFERENCE();
  SmallCnn encoder({12, 16}, {2, 16, 2});
  load_reference(encoder, "small_cnn/");
  EXPECT_EQ(encoder.dim(), 64);
  const torch::Tensor x = reference_tensor("small_cnn/x"), y = reference_tensor("small_cnn/y");
  EXPECT_LT(max_difference(encoder.forward(x), y), 1e-5);
  EXPECT_LT(max_difference(encoder.forward(x.contiguous(torch::MemoryFormat::ChannelsLast)), y), 1e-5);
}

TEST(DenseEncoder, AgreesWithPyTorch) {
  ACTREC_NEED_TORCH_REFERENCE();
  EncoderSettings settings;
  settings.type = EncoderType::dense;
  settings.units = 8;
  const auto encoder = make_encoder(settings, FrameSize(4, 5));
  load_reference(*encoder, "dense/");
  EXPECT_LT(max_difference(encoder->forward(reference_tensor("dense/x")), reference_tensor("dense/y")), 1e-5);
}

std::vector<EncoderSettings> every_encoder() {
  std::vector<EncoderSettings> all;
  for (const EncoderType type : {EncoderType::small_cnn, EncoderType::dense, EncoderType::resnet18,
                                 EncoderType::resnet34, EncoderType::resnet50, EncoderType::mobilenet_v2,
                                 EncoderType::squeezenet1_1, EncoderType::efficientnet_lite0}) {
    for (const int grid : {0, 3}) {
      EncoderSettings settings;
      settings.type = type;
      settings.grid = grid;
      all.push_back(settings);
    }
  }
  return all;
}

std::string name_of(const EncoderSettings& settings) {
  return Names<EncoderType>::kSpellings[static_cast<std::size_t>(settings.type)];
}

TEST(Encoder, SizeIsWhatIsBuilt) {
  for (const EncoderSettings& settings : every_encoder()) {
    SCOPED_TRACE(name_of(settings));
    const FrameSize frame(20, 24);
    const auto encoder = make_encoder(settings, frame);
    const EncoderSize size = encoder_size(settings, frame);
    std::int64_t count = 0;
    for (const torch::Tensor& parameter : encoder->parameters()) count += parameter.numel();
    EXPECT_EQ(size.parameters, count);
    EXPECT_EQ(size.dim, encoder->dim());
    encoder->eval();
    torch::NoGradGuard no_grad;
    EXPECT_EQ(encoder->forward(torch::randn({2, 3, 20, 24})).sizes(),
              (std::vector<std::int64_t>{2, size.dim}));
  }
}

TEST(Encoder, StagesHoldEveryParameterOnceInOrder) {
  for (const EncoderSettings& settings : every_encoder()) {
    SCOPED_TRACE(name_of(settings));
    const auto encoder = make_encoder(settings, FrameSize(20, 24));
    std::vector<const void*> staged, all;
    for (const Encoder::Stage& stage : encoder->stages()) {
      const std::size_t before = staged.size();
      for (const auto& part : stage) {
        for (const torch::Tensor& parameter : part->parameters()) staged.push_back(parameter.data_ptr());
      }
      EXPECT_GT(staged.size(), before) << "a stage without parameters";
    }
    for (const torch::Tensor& parameter : encoder->parameters()) all.push_back(parameter.data_ptr());
    EXPECT_EQ(staged, all);
    if (settings.type != EncoderType::small_cnn && settings.type != EncoderType::dense) {
      EXPECT_GE(encoder->stages().size(), 5U);
      EXPECT_LE(encoder->stages().size(), 7U);
    }
  }
}

TEST(Encoder, EndsAfterTheStagesAskedFor) {
  const FrameSize frame(64, 48);
  for (EncoderSettings settings : every_encoder()) {
    if (settings.type == EncoderType::dense) continue;
    SCOPED_TRACE(name_of(settings));
    const auto whole = make_encoder(settings, frame);
    EncoderWeights weights;
    for (const auto& tensor : state_of(*whole)) weights.tensors.emplace(tensor.key(), tensor.value());
    for (std::size_t stages = 1; stages < whole->stages().size(); ++stages) {
      settings.stages = static_cast<int>(stages);
      const auto encoder = make_encoder(settings, frame);
      EXPECT_EQ(encoder->stages().size(), stages);
      EXPECT_EQ(encoder->dim(), encoder_size(settings, frame).dim);
      load_encoder_weights(*encoder, settings, frame, weights);
      for (const auto& tensor : state_of(*encoder)) {
        EXPECT_TRUE(torch::equal(tensor.value(), weights.tensors.at(tensor.key()))) << tensor.key();
      }
      encoder->eval();
      torch::NoGradGuard no_grad;
      EXPECT_EQ(encoder->forward(torch::randn({1, 3, 64, 48})).sizes(),
                (std::vector<std::int64_t>{1, encoder->dim()}));
    }
    settings.stages = static_cast<int>(whole->stages().size());
    EXPECT_EQ(make_encoder(settings, frame)->dim(), whole->dim());
    ++settings.stages;
    EXPECT_THROW(make_encoder(settings, frame), ConfigError);
  }
}

// Stage 4 ends with torchvision's features[13].
TEST(Encoder, GivesTheFeatureMapBetweenStages) {
  EncoderSettings settings;
  settings.type = EncoderType::mobilenet_v2;
  const FrameSize frame(64, 64);
  const auto whole = make_encoder(settings, frame);
  whole->eval();
  EncoderWeights weights;
  for (const auto& tensor : state_of(*whole)) weights.tensors.emplace(tensor.key(), tensor.value());
  settings.stages = 4;
  settings.grid = 2;
  const auto first = make_encoder(settings, frame);
  load_encoder_weights(*first, settings, frame, weights);
  first->eval();
  torch::NoGradGuard no_grad;
  const torch::Tensor x = torch::randn({2, 3, 64, 64});
  auto* features = whole->children().front()->as<torch::nn::Sequential>();
  ASSERT_NE(features, nullptr);
  torch::nn::Sequential until_13;
  for (int i = 0; i < 14; ++i) until_13->push_back(*(features->begin() + i));
  const torch::Tensor map = until_13->forward(x);
  EXPECT_EQ(map.sizes(), (std::vector<std::int64_t>{2, 96, 4, 4}));
  EXPECT_LT(max_difference(first->forward(x), torch::avg_pool2d(map, 2).flatten(1)), 1e-5);
}

TEST(Encoder, TakesFramesSmallerThanItsGrid) {
  EncoderSettings settings;
  const auto encoder = make_encoder(settings, FrameSize(9, 17));
  EXPECT_EQ(encoder->forward(torch::randn({2, 3, 9, 17})).sizes(),
            (std::vector<std::int64_t>{2, encoder->dim()}));
}

}  // namespace
}  // namespace actrec
