#include "models/pooling.h"

namespace actrec {

TemporalPooling::TemporalPooling(TemporalPool type, std::int64_t dim, bool bidirectional)
    : type_(type), bidirectional_(bidirectional) {
  if (type_ != TemporalPool::attention) return;
  projection_ = register_module("projection", torch::nn::Linear(dim, dim));
  score_ = register_module("score", torch::nn::Linear(torch::nn::LinearOptions(dim, 1).bias(false)));
}

torch::Tensor TemporalPooling::forward(const torch::Tensor& outputs) {
  switch (type_) {
    case TemporalPool::last: {
      if (!bidirectional_) return outputs.select(1, -1);
      const std::vector<torch::Tensor> halves = outputs.chunk(2, -1);
      return torch::cat({halves[0].select(1, -1), halves[1].select(1, 0)}, -1);
    }
    case TemporalPool::mean:
      return outputs.mean(1);
    case TemporalPool::max:
      return outputs.amax(1);
    case TemporalPool::attention: {
      const torch::Tensor weights =
          torch::softmax(score_->forward(torch::tanh(projection_->forward(outputs))), 1);
      return (weights * outputs).sum(1);
    }
  }
  throw std::logic_error("unknown temporal pooling");
}

}  // namespace actrec
