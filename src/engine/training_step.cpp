#include "engine/training_step.h"

#include <utility>

#include "engine/optimizer.h"

namespace actrec {

TrainingStep::TrainingStep(std::shared_ptr<Recogniser> model, const Settings& settings,
                           const torch::Tensor& class_weights, const torch::Device& device)
    : model_(std::move(model)),
      gradient_clip_(settings.train.optimizer.gradient_clip),
      encoder_factor_(settings.model.encoder.learning_rate_factor),
      device_(device),
      optimizer_(make_optimizer(*model_, settings.train)),
      loss_(torch::nn::CrossEntropyLossOptions()
                .label_smoothing(settings.train.label_smoothing)
                .weight(class_weights)) {
  loss_->to(device);
}

StepOutcome TrainingStep::add_gradient(const Batch& batch, double share) {
  if (batch.labels.size(0) == 0) {
    return {torch::zeros({}, device_), torch::zeros({}, torch::TensorOptions(torch::kInt64).device(device_))};
  }
  has_gradient_ = true;
  const torch::Tensor labels = batch.labels.to(device_, true);
  const torch::Tensor logits = model_->forward(batch.clips.to(device_, true));  // [B, K]
  const torch::Tensor loss = loss_->forward(logits, labels);
  (share == 1 ? loss : loss * share).backward();
  return {loss.detach(), (logits.detach().argmax(1) == labels).sum()};
}

void TrainingStep::update(double learning_rate) {
  if (!std::exchange(has_gradient_, false)) return;
  if (gradient_clip_ > 0) torch::nn::utils::clip_grad_norm_(model_->parameters(), gradient_clip_);
  set_learning_rate(*optimizer_, learning_rate, encoder_factor_);
  optimizer_->step();
  optimizer_->zero_grad();
}

}  // namespace actrec
