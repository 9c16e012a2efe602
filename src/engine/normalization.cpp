#include "engine/normalization.h"

#include <spdlog/spdlog.h>

#include "data/pixel_statistics.h"

namespace actrec {
namespace {

// Of the ImageNet training set, as every ImageNet-trained network of torchvision uses them.
const PixelStatistics kImagenet{{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};

}  // namespace

PixelStatistics resolve_normalization(const Normalization& normalize,
                                      const std::optional<PixelStatistics>& of_weights,
                                      const std::vector<ClipRef>& clips, BatchSource& batches) {
  switch (normalize.type) {
    case NormalizationType::imagenet:
      return kImagenet;
    case NormalizationType::encoder:
      return of_weights.value_or(kImagenet);
    case NormalizationType::values:
      return {normalize.mean, normalize.std};
    case NormalizationType::dataset:
      break;
  }
  const PixelStatistics measured = measure_pixel_statistics(clips, batches);
  spdlog::info(
      "pixels of the training split: mean {:.3f} {:.3f} {:.3f}, standard deviation {:.3f} {:.3f} {:.3f}",
      measured.mean[0], measured.mean[1], measured.mean[2], measured.std[0], measured.std[1],
      measured.std[2]);
  return measured;
}

}  // namespace actrec
