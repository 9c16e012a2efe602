#include "models/dense_encoder.h"

namespace actrec {

DenseEncoder::DenseEncoder(std::int64_t units, FrameSize size)
    : layer_(register_module("layer", torch::nn::Linear(std::int64_t{3} * size.height * size.width, units))),
      units_(units) {}

torch::Tensor DenseEncoder::forward(torch::Tensor frames) {
  return torch::relu(layer_->forward(frames.permute({0, 2, 3, 1}).flatten(1)));
}

}  // namespace actrec
