#pragma once

#include <torch/torch.h>

#include <memory>

#include "config/settings.h"
#include "data/loader.h"
#include "models/recogniser.h"

namespace actrec {

// What a step found out about its batch: scalars on the device, so that nobody waits for it.
struct StepOutcome {
  torch::Tensor loss;  // mean over the batch, as trained: with label smoothing and class weights
  torch::Tensor hits;  // int64, clips whose class has the largest logit
};

// One step of optimisation: forward, loss, backward, update.
class TrainingStep {
 public:
  // `model` must be on `device`. `class_weights`: float32 [K], undefined where all classes count the same.
  TrainingStep(std::shared_ptr<Recogniser> model, const Settings& settings,
               const torch::Tensor& class_weights, const torch::Device& device);

  // Adds `share` of the batch's gradient to what has been added since the last update. A batch without clips
  // adds nothing, and its loss is 0.
  StepOutcome add_gradient(const Batch& batch, double share = 1);
  // Changes the weights by the gradient that was added up, and forgets it; nothing where none was added.
  void update(double learning_rate);

 private:
  std::shared_ptr<Recogniser> model_;
  double gradient_clip_;
  double encoder_factor_;  // of the learning rate
  torch::Device device_;
  bool has_gradient_ = false;  // since the last update
  std::unique_ptr<torch::optim::Optimizer> optimizer_;
  torch::nn::CrossEntropyLoss loss_;
};

}  // namespace actrec
