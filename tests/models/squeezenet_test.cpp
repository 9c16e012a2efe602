#include "models/squeezenet.h"

#include "encoder_files.h"
#include "encoder_reference.h"

namespace actrec {
namespace {

TEST(SqueezeNet, AgreesWithTorchvision) { expect_like_reference(EncoderType::squeezenet1_1); }

TEST(SqueezeNet, HasTheNamesAndShapesOfTrainedWeights) {
  const auto path = shared_weights() / "squeezenet1_1_features.safetensors";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no weights in " << path;
  SqueezeNet encoder({5, 512, 1});
  std::set<std::string> unused;
  load_tensors(encoder, read_safetensors(path), unused);
  EXPECT_EQ(unused, std::set<std::string>());
}

TEST(SqueezeNet, TakesFramesOf17Pixels) {
  SqueezeNet encoder({5, 512, 2});
  EXPECT_EQ(encoder.forward(torch::randn({2, 3, 17, 17})).sizes(), (std::vector<std::int64_t>{2, 512 * 4}));
}

}  // namespace
}  // namespace actrec
