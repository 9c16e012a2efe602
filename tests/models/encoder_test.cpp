#include "models/encoder.h"

#include <gtest/gtest.h>

#include "models/small_cnn.h"
#include "torch_reference.h"

namespace actrec {
namespace {

TEST(SmallCnn, AgreesWithPyTorchInBothMemoryLayouts) {
  ACTREC_NEED_TORCH_REFERENCE();
  SmallCnn encoder({12, 16}, 2);
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
  return Names<EncoderType>::values[static_cast<std::size_t>(settings.type)];
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

TEST(Encoder, TakesFramesSmallerThanItsGrid) {
  EncoderSettings settings;
  const auto encoder = make_encoder(settings, FrameSize(9, 17));
  EXPECT_EQ(encoder->forward(torch::randn({2, 3, 9, 17})).sizes(),
            (std::vector<std::int64_t>{2, encoder->dim()}));
}

}  // namespace
}  // namespace actrec
