#pragma once

#include "models/encoder.h"

namespace actrec {

class SameConv;

// EfficientNet-Lite0: EfficientNet-B0 (Tan & Le 2019) for devices, with ReLU6 in place of Swish and without
// squeeze-and-excitation (https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite).
// Parameter names (_conv_stem, _bn0, _blocks.0._depthwise_conv, ...) and batch normalisation (epsilon 0.001,
// momentum 0.01) are those of the Python package efficientnet_lite_pytorch, whose weights fit; starts like
// torchvision's EfficientNet (initialize_fan_out). Without stochastic depth: no block is dropped in training.
// 1280 channels, 1/32 of the input's size, rounded up.
//
// Convolutions pad as TensorFlow's SAME does, so the amount depends on the frames' size: it is worked out
// once, for `size`, and every input must have that size.
//
// Six stages, divided where the resolution changes: stem and block 0 (1/2 of the input's size), blocks 1 and
// 2 (1/4), 3 and 4 (1/8), 5 to 10 (1/16), 11 to 15 (1/32), and the last 1x1 convolution, _conv_head.
class EfficientNetLite0 : public CnnEncoder {
 public:
  EfficientNetLite0(FrameSize size, const CnnOutput& output);
  std::vector<Stage> stages() const override;

 private:
  torch::Tensor feature_map(torch::Tensor frames) override;

  std::shared_ptr<SameConv> stem_;
  torch::nn::BatchNorm2d stem_norm_;
  torch::nn::Sequential blocks_{nullptr};
  torch::nn::Conv2d head_{nullptr};  // of the last stage; null where it is left out
  torch::nn::BatchNorm2d head_norm_{nullptr};
};

}  // namespace actrec
