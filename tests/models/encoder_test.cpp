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

TEST(Encoder, TakesFramesSmallerThanItsGrid) {
  EncoderSettings settings;
  const auto encoder = make_encoder(settings, FrameSize(9, 17));
  EXPECT_EQ(encoder->forward(torch::randn({2, 3, 9, 17})).sizes(),
            (std::vector<std::int64_t>{2, encoder->dim()}));
}

}  // namespace
}  // namespace actrec
