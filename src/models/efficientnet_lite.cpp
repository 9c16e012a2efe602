#include "models/efficientnet_lite.h"

#include <algorithm>

#include "models/conv_layers.h"

namespace actrec {

namespace nn = torch::nn;

namespace {

constexpr std::int64_t kStemChannels = 32;
constexpr std::int64_t kChannels = 1280;

// Blocks in a row: the first has the stride, and every one widens its input `expansion` times inside.
struct BlockGroup {
  std::int64_t expansion, channels, count, kernel, stride;
};
constexpr BlockGroup kGroups[] = {{1, 16, 1, 3, 1},  {6, 24, 2, 3, 2},  {6, 40, 2, 5, 2}, {6, 80, 3, 3, 2},
                                  {6, 112, 3, 5, 1}, {6, 192, 4, 5, 2}, {6, 320, 1, 3, 1}};

// Of the stages that are made of blocks; the last one is the head.
StageStarts stage_starts() { return {0, 1, 3, 5, 11}; }

nn::BatchNorm2d norm(std::int64_t channels) {
  return nn::BatchNorm2d(nn::BatchNorm2dOptions(channels).eps(1e-3).momentum(0.01));
}

std::int64_t output_length(std::int64_t input, std::int64_t stride) { return (input + stride - 1) / stride; }

FrameSize output_size(FrameSize input, std::int64_t stride) {
  return {static_cast<int>(output_length(input.height, stride)),
          static_cast<int>(output_length(input.width, stride))};
}

// What SAME adds at the two ends of a row or column: as much before as after, or one more after.
struct SamePadding {
  SamePadding(std::int64_t input, std::int64_t kernel, std::int64_t stride) {
    const std::int64_t total =
        std::max<std::int64_t>((output_length(input, stride) - 1) * stride + kernel - input, 0);
    both = total / 2;
    more_after = total % 2;
  }
  std::int64_t both, more_after;
};

}  // namespace

// A convolution without bias, padded like TensorFlow's SAME for inputs of one size.
class SameConv : public nn::Conv2dImpl {
 public:
  SameConv(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride, std::int64_t groups,
           FrameSize input)
      : SameConv(nn::Conv2dOptions(in, out, kernel).stride(stride).groups(groups).bias(false),
                 SamePadding(input.height, kernel, stride), SamePadding(input.width, kernel, stride)) {}
  torch::Tensor forward(const torch::Tensor& x) {
    return Conv2dImpl::forward(pads_more_ ? torch::constant_pad_nd(x, more_) : x);
  }

 private:
  SameConv(nn::Conv2dOptions conv, const SamePadding& rows, const SamePadding& columns)
      : Conv2dImpl(conv.padding(torch::ExpandingArray<2>({rows.both, columns.both}))),
        pads_more_(rows.more_after + columns.more_after > 0),
        more_{0, columns.more_after, 0, rows.more_after} {}

  bool pads_more_;
  std::vector<std::int64_t> more_;  // left, right, top, bottom
};

namespace {

class InvertedResidual : public nn::Module {
 public:
  InvertedResidual(std::int64_t in, const BlockGroup& group, std::int64_t stride, FrameSize size)
      : residual_(stride == 1 && in == group.channels) {
    const std::int64_t hidden = in * group.expansion;
    if (group.expansion > 1) {
      expand_ = register_module("_expand_conv", conv_without_bias(in, hidden, 1));
      expand_norm_ = register_module("_bn0", norm(hidden));
    }
    depthwise_ = register_module(
        "_depthwise_conv", std::make_shared<SameConv>(hidden, hidden, group.kernel, stride, hidden, size));
    depthwise_norm_ = register_module("_bn1", norm(hidden));
    project_ = register_module("_project_conv", conv_without_bias(hidden, group.channels, 1));
    project_norm_ = register_module("_bn2", norm(group.channels));
  }
  torch::Tensor forward(const torch::Tensor& x) {
    torch::Tensor y = expand_ ? relu6_in_place(expand_norm_->forward(expand_->forward(x))) : x;
    y = relu6_in_place(depthwise_norm_->forward(depthwise_->forward(y)));
    y = project_norm_->forward(project_->forward(y));
    return residual_ ? y.add_(x) : y;
  }

 private:
  bool residual_;
  nn::Conv2d expand_{nullptr}, project_{nullptr};
  std::shared_ptr<SameConv> depthwise_;
  nn::BatchNorm2d expand_norm_{nullptr}, depthwise_norm_{nullptr}, project_norm_{nullptr};
};

}  // namespace

EfficientNetLite0::EfficientNetLite0(FrameSize size, const CnnOutput& output)
    : CnnEncoder(output),
      stem_(register_module("_conv_stem", std::make_shared<SameConv>(3, kStemChannels, 3, 2, 1, size))),
      stem_norm_(register_module("_bn0", norm(kStemChannels))) {
  nn::Sequential blocks;
  size = output_size(size, 2);
  std::int64_t in = kStemChannels;
  for (const BlockGroup& group : kGroups) {
    for (std::int64_t i = 0; i < group.count; ++i) {
      const std::int64_t stride = i == 0 ? group.stride : 1;
      blocks->push_back(std::make_shared<InvertedResidual>(in, group, stride, size));
      size = output_size(size, stride);
      in = group.channels;
    }
  }
  blocks_ = register_module("_blocks", first_stages(blocks, stage_starts(), output.stages));
  if (output.stages > stage_starts().size()) {
    head_ = register_module("_conv_head", conv_without_bias(in, kChannels, 1));
    head_norm_ = register_module("_bn1", norm(kChannels));
  }
  initialize_fan_out(*this);
}

std::vector<Encoder::Stage> EfficientNetLite0::stages() const {
  std::vector<Stage> stages = divide(blocks_->children(), stage_starts());
  stages[0].insert(stages[0].begin(), {stem_, stem_norm_.ptr()});
  if (head_) stages.push_back({head_.ptr(), head_norm_.ptr()});
  return stages;
}

torch::Tensor EfficientNetLite0::feature_map(torch::Tensor frames) {
  const torch::Tensor x = blocks_->forward(relu6_in_place(stem_norm_->forward(stem_->forward(frames))));
  return head_ ? relu6_in_place(head_norm_->forward(head_->forward(x))) : x;
}

}  // namespace actrec
