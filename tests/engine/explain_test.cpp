#include "engine/explain.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "core/error.h"
#include "data/clip_pipeline.h"
#include "frame_folders.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

class ExplainTest : public ::testing::Test {
 protected:
  Checkpoint make(Settings settings) {
    torch::manual_seed(5);
    Checkpoint checkpoint;
    checkpoint.info.settings = settings;
    checkpoint.info.classes = {"down", "right", "up"};
    checkpoint.info.statistics = {{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}};
    checkpoint.model =
        std::make_shared<Recogniser>(settings.model, settings.clip.size, 3, checkpoint.info.statistics);
    checkpoint.model->eval();
    return checkpoint;
  }
  ClipRef clip() {
    write_moving_square(directory_ / "clip", 8, 1, 0);
    ClipRef result;
    result.path = directory_ / "clip";
    result.name = "clip";
    return result;
  }
  TemporaryDirectory directory_;
};

TEST_F(ExplainTest, WithoutALstmItIsTheClassActivationMap) {
  // Zhou et al. 2016: with averages over space and time and one linear layer, the map weighted by that layer.
  Settings settings = tiny_settings();
  settings.model.encoder.grid = 1;
  settings.model.temporal.type = TemporalType::mean;
  const Checkpoint checkpoint = make(settings);
  const ClipRef of = clip();
  const Explanation explanation = explain_clip(checkpoint, of);

  torch::NoGradGuard no_grad;
  const torch::Tensor pixels = torch::empty({4, 16, 16, 3}, torch::kUInt8);
  make_pipeline(settings, CacheUse::none)->load(of, pixels.data_ptr<std::uint8_t>());
  auto& encoder = dynamic_cast<CnnEncoder&>(checkpoint.model->encoder());
  const torch::Tensor map = encoder.last_map(checkpoint.model->normalize(pixels));
  const torch::Tensor logits = checkpoint.model->forward(pixels.unsqueeze(0)).flatten();
  const auto best = logits.argmax().item<std::int64_t>();
  EXPECT_EQ(explanation.top.front().label, checkpoint.info.classes[static_cast<std::size_t>(best)]);
  const torch::Tensor weight =
      checkpoint.model->named_parameters()["classifier.weight"][best].view({1, -1, 1, 1});
  torch::Tensor cam = torch::relu((weight * map).sum(1));
  ASSERT_GT(cam.max().item<float>(), 0);
  cam = cam / cam.max();
  ASSERT_EQ(explanation.frames.size(), 4u);
  double shares = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const cv::Mat& evidence = explanation.frames[i].evidence;
    ASSERT_EQ(evidence.rows, map.size(2));
    for (int y = 0; y < evidence.rows; ++y) {
      for (int x = 0; x < evidence.cols; ++x)
        EXPECT_NEAR(evidence.at<float>(y, x), cam[static_cast<std::int64_t>(i)][y][x].item<float>(), 1e-4);
    }
    shares += explanation.frames[i].share;
  }
  EXPECT_NEAR(shares, 1, 1e-6);
}

TEST_F(ExplainTest, GradientsGoThroughTheLstm) {
  const Checkpoint checkpoint = make(tiny_settings());
  const ClipRef of = clip();
  const Explanation explanation = explain_clip(checkpoint, of);
  // The last step's probabilities are the clip's.
  torch::NoGradGuard no_grad;
  const torch::Tensor pixels = torch::empty({1, 4, 16, 16, 3}, torch::kUInt8);
  make_pipeline(checkpoint.info.settings, CacheUse::none)->load(of, pixels.data_ptr<std::uint8_t>());
  const torch::Tensor probabilities = checkpoint.model->forward(pixels).flatten().softmax(0);
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_NEAR(explanation.frames.back().probabilities[k],
                probabilities[static_cast<std::int64_t>(k)].item<float>(), 1e-5);
  }
  EXPECT_NE(explanation.frames[0].probabilities, explanation.frames[3].probabilities);
  float largest = 0;
  for (const ExplainedFrame& frame : explanation.frames) {
    double low = 0, high = 0;
    cv::minMaxLoc(frame.evidence, &low, &high);
    EXPECT_GE(low, 0);
    largest = std::max(largest, static_cast<float>(high));
  }
  EXPECT_FLOAT_EQ(largest, 1);
}

TEST_F(ExplainTest, NeedsAFeatureMapAndAFixedLength) {
  Settings dense = tiny_settings();
  dense.model.encoder.type = EncoderType::dense;
  EXPECT_THROW(explain_clip(make(dense), clip()), ConfigError);
  Settings all = tiny_settings();
  all.clip.sampling = Sampling::all;
  EXPECT_THROW(explain_clip(make(all), clip()), ConfigError);
}

}  // namespace
}  // namespace actrec
