#include "data/pending_changes.h"

#include <algorithm>

namespace actrec {
namespace {

constexpr std::int64_t kSize = 6;   // where an image's values have its frame's width and height
constexpr std::int64_t kColor = 8;  // and its colours

// One of the values of each image, for arithmetic with [N, H, W].
torch::Tensor field(const torch::Tensor& values, std::int64_t i) {
  return values.select(2, i).reshape({-1, 1, 1});
}

// Source position of each output pixel along the axis that the three fields from `first` on describe, float32
// [N, H, W]. Not a matrix product, which a device may compute in TF32 or bfloat16.
torch::Tensor positions(const torch::Tensor& values, std::int64_t first, FrameSize size) {
  const torch::Tensor x = torch::arange(size.width, values.options()).view({1, 1, -1});
  const torch::Tensor y = torch::arange(size.height, values.options()).view({1, -1, 1});
  return field(values, first) * x + (field(values, first + 1) * y + field(values, first + 2));
}

// Where positions lie within a frame that has so many pixels along their axis.
torch::Tensor are_inside(const torch::Tensor& positions, const torch::Tensor& pixels) {
  constexpr double kSlack = 1e-3;  // rounding must not cost a row of a frame that exactly fits
  return positions.ge(-0.5 - kSlack).logical_and_(positions.le(pixels - (0.5 - kSlack)));
}

// The positions within the frame that have the values beyond its right and lower edges; grid_sample() itself
// replicates the others.
torch::Tensor brought_inside(const torch::Tensor& positions, const torch::Tensor& pixels, Border border) {
  torch::Tensor inside = positions;
  if (border == Border::reflect) {
    const torch::Tensor from_edge = (positions + 0.5).remainder(2 * pixels);
    inside = torch::minimum(from_edge, 2 * pixels - from_edge) - 0.5;
  }
  return torch::minimum(inside, pixels - 1);
}

// Bilinear samples, float32 [N, C, H, W], of images [N, C, h, w].
torch::Tensor warp(const torch::Tensor& images, const torch::Tensor& values, FrameSize size, Border border) {
  const torch::Tensor width = field(values, kSize), height = field(values, kSize + 1);
  const torch::Tensor x = positions(values, 0, size), y = positions(values, 3, size);
  // From -1 to 1 between the outer edges, as grid_sample() wants it.
  const auto normalised = [](const torch::Tensor& position, std::int64_t pixels) {
    return (2 * position + 1) / static_cast<double>(pixels) - 1;
  };
  const torch::Tensor grid = torch::stack({normalised(brought_inside(x, width, border), images.size(3)),
                                           normalised(brought_inside(y, height, border), images.size(2))},
                                          -1);
  const auto options = torch::nn::functional::GridSampleFuncOptions()
                           .mode(torch::kBilinear)
                           .padding_mode(torch::kBorder)
                           .align_corners(false);
  torch::Tensor output = torch::nn::functional::grid_sample(images, grid, options);
  if (border == Border::black) {
    const torch::Tensor inside = are_inside(x, width).logical_and_(are_inside(y, height));
    output.mul_(inside.unsqueeze(1));
  }
  return output;
}

// To whole levels, as images of bytes have them.
torch::Tensor rounded(torch::Tensor values) { return values.round_().clamp_(0, 255); }

// Changes RGB images [B, T, 3, H, W] by [B, T or 1, 3, 4].
torch::Tensor change_color(const torch::Tensor& images, const torch::Tensor& color) {
  const auto column = [&](std::int64_t i) { return color.select(3, i).unsqueeze(3).unsqueeze(4); };
  torch::Tensor changed = column(3) + column(0) * images.narrow(2, 0, 1);
  for (const std::int64_t channel : {1, 2}) changed.addcmul_(column(channel), images.narrow(2, channel, 1));
  return changed;
}

// The same for grey images [B, T, C, H, W]: as the brightness (Rec. 601 luma) of RGB images would change.
torch::Tensor change_brightness(const torch::Tensor& images, const torch::Tensor& color) {
  const torch::Tensor change =
      0.299 * color.select(2, 0) + 0.587 * color.select(2, 1) + 0.114 * color.select(2, 2);  // [B, T or 1, 4]
  const auto of_images = [](const torch::Tensor& numbers) {
    return numbers.unsqueeze(2).unsqueeze(3).unsqueeze(4);
  };
  return images * of_images(change.narrow(2, 0, 3).sum(2)) + of_images(change.select(2, 3));
}

}  // namespace

void write_changes(cv::Size frame, FrameSize size, Resize resize, const Augmentation& augmentation,
                   float* values) {
  const cv::Matx23d matrix = warp_matrix(frame, size, resize, augmentation);
  values = std::transform(std::begin(matrix.val), std::end(matrix.val), values,
                          [](double value) { return static_cast<float>(value); });
  *values++ = static_cast<float>(frame.width);
  *values++ = static_cast<float>(frame.height);
  std::copy(std::begin(augmentation.color.val), std::end(augmentation.color.val), values);
}

PendingChanges completed(PendingChanges changes, bool pin_memory) {
  torch::Tensor& values = changes.values;
  const torch::Tensor largest = values.narrow(2, kSize, 2).amax({0, 1});
  changes.largest_frame = {largest[1].item<int>(), largest[0].item<int>()};
  const torch::Tensor first = values.narrow(1, 0, 1);
  if (torch::equal(values, first.expand_as(values)))
    values = torch::empty(first.sizes(), values.options().pinned_memory(pin_memory)).copy_(first);
  return changes;
}

torch::Tensor make_changes(const torch::Tensor& frames, const PendingChanges& changes) {
  constexpr auto kContiguous = torch::MemoryFormat::Contiguous;
  const torch::Tensor& values = changes.values;
  const std::int64_t batch = frames.size(0), count = frames.size(1), channels = frames.size(4);
  const std::int64_t differing = values.size(1);  // images of a clip, the others are their channels
  const FrameSize frame = changes.largest_frame;
  const torch::Tensor images = frames.narrow(2, 0, frame.height)
                                   .narrow(3, 0, frame.width)
                                   .permute({0, 1, 4, 2, 3})
                                   .to(torch::kFloat32, false, false, kContiguous)
                                   .view({batch * differing, -1, frame.height, frame.width});
  torch::Tensor output = rounded(warp(images, values, changes.size, changes.border))
                             .view({batch, count, channels, changes.size.height, changes.size.width});
  const bool grey = channels != 3;
  if (changes.color) {
    const torch::Tensor color =
        values.narrow(2, kColor, PendingChanges::kValues - kColor).reshape({batch, differing, 3, 4});
    output = rounded(grey ? change_brightness(output, color) : change_color(output, color));
  }
  if (grey) {
    const torch::Tensor later = output.narrow(2, 1, channels - 1);
    output = (128 + 2 * (later - output.narrow(2, 0, channels - 1))).clamp_(0, 255);
  }
  return output.permute({0, 1, 3, 4, 2}).to(torch::kUInt8, false, false, kContiguous);
}

}  // namespace actrec
