#include "models/mobilenet_v2.h"

#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "core/text.h"
#include "encoder_files.h"
#include "encoder_reference.h"

namespace actrec {
namespace {

// RGB in -1..1, [1, 3, H, W] in channels_last, at the photo's own size.
torch::Tensor read_photo(const std::filesystem::path& path) {
  cv::Mat image;
  cv::cvtColor(cv::imread(path.string(), cv::IMREAD_COLOR), image, cv::COLOR_BGR2RGB);
  const torch::Tensor pixels = torch::from_blob(image.data, {1, image.rows, image.cols, 3}, torch::kUInt8);
  return pixels.permute({0, 3, 1, 2}).to(torch::kFloat32).div(127.5).sub(1);
}

TEST(MobileNetV2, AgreesWithTorchvision) { expect_like_reference(EncoderType::mobilenet_v2); }

TEST(MobileNetV2, RecognisesPhotosWithTrainedWeights) {
  const std::filesystem::path photos = shared_weights() / "photos";
  if (!std::filesystem::exists(photos)) GTEST_SKIP() << "no photos in " << photos;
  const TensorFile weights = read_safetensors(shared_weights() / "mobilenet_v2.safetensors");
  const TensorFile reference = read_safetensors(photos / "mobilenet_v2_reference.safetensors");
  MobileNetV2 encoder({6, 1280, 1});
  std::set<std::string> unused;
  load_tensors(encoder, weights, unused);
  EXPECT_EQ(unused, (std::set<std::string>{"classifier.1.bias", "classifier.1.weight"}));
  encoder.eval();
  torch::NoGradGuard no_grad;
  const auto expected = nlohmann::json::parse(read_file(photos / "expected.json"));
  for (const auto& [photo, answer] : expected.items()) {
    SCOPED_TRACE(photo);
    const torch::Tensor features = encoder.forward(read_photo(photos / (photo + ".png")));
    EXPECT_LT(max_difference(features[0], reference.tensors.at(photo + ".features")), 1e-4);
    const torch::Tensor logits = torch::linear(features, weights.tensors.at("classifier.1.weight"),
                                               weights.tensors.at("classifier.1.bias"))[0];
    EXPECT_LT(max_difference(logits, reference.tensors.at(photo + ".logits")), 1e-4);
    EXPECT_EQ(logits.argmax().item<int>(), answer.at("top1").get<int>());
    EXPECT_NEAR(logits.softmax(0).max().item<double>(), answer.at("probability").get<double>(), 1e-3);
  }
}

}  // namespace
}  // namespace actrec
