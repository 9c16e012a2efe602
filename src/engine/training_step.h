#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "config/settings.h"
#include "data/batch_source.h"
#include "engine/classification_loss.h"
#include "engine/device_feed.h"
#include "engine/fused_step.h"
#include "engine/gradient_reducer.h"
#include "models/recogniser.h"
#include "models/state.h"

namespace actrec {

// What a step found out about its batch: scalars on the device, so that nobody waits for it.
struct StepOutcome {
  torch::Tensor loss;  // mean over the batch, as trained: with label smoothing and class weights
  torch::Tensor hits;  // int64, clips whose class has the largest logit
};

// Weight of each class in the loss, float32 [K], from the training clips of each; undefined where all count
// the same.
torch::Tensor class_weights(const Settings& settings, const std::vector<std::int64_t>& clips);

// Makes LibTorch's draws, those of dropout, a function of the step alone: epoch and step are counted from 0,
// and each of several processes has steps of its own.
void seed_step(std::uint64_t seed, int epoch, std::int64_t step);

// One step of optimisation: forward, loss, backward, update.
class TrainingStep {
 public:
  // `model` must be on `device`. `class_weights`: float32 [K], undefined where all classes count the same.
  // With a `group` of several processes, which must outlive the step, gradients are their sum.
  TrainingStep(std::shared_ptr<Recogniser> model, const Settings& settings,
               const torch::Tensor& class_weights, const torch::Device& device,
               ProcessGroup* group = nullptr);

  // What the batch weighs in the mean loss of a larger one that it is a part of: the weights of its clips'
  // classes.
  double weight_of(const Batch& batch) const;

  // Adds `share` of the batch's gradient to what has been added since the last update. A batch without clips
  // adds nothing, and its loss is 0. `last`: update() comes next. Of several processes, each must call it for
  // a step as soon as one has clips.
  StepOutcome add_gradient(const Batch& batch, double share = 1, bool last = true);
  // Changes the weights by the gradient that was added up, and forgets it; false where none was added. From
  // the first gradient on that is not finite, no weight changes any more.
  bool update(double learning_rate);
  // How many updates, the last ones, have changed nothing because of that. Waits for the device. To be asked
  // before other parameters learn than did in these updates.
  std::int64_t failed_updates();

  // What the next step depends on besides the model's own state: the optimiser's memory
  // ("optimizer.NAME..."), and the gradient that was added up since the last update ("gradient.NAME"). The
  // tensors are the step's own.
  NamedTensors state() const;
  static bool is_gradient(const std::string& name);  // of a tensor of state()
  // Puts back, as copies, what state() gave. Throws CheckpointError, naming `path`, where it does not fit.
  void load_state(const NamedTensors& state, const std::filesystem::path& path);

 private:
  bool clip_gradient();

  std::shared_ptr<Recogniser> model_;
  double gradient_clip_;
  double encoder_factor_;  // of the learning rate
  torch::Device device_;
  torch::Tensor class_weights_;               // on the CPU
  bool has_gradient_ = false;                 // since the last update
  std::unique_ptr<GradientReducer> reducer_;  // null: no other processes
  std::unique_ptr<torch::optim::Optimizer> optimizer_;
  std::unique_ptr<FusedStep> fused_;  // null: steps of the optimiser's own, after a look at the gradient
  std::int64_t failed_updates_ = 0;   // of those
  DeviceFeed feed_;
  ClassificationLoss loss_;
};

}  // namespace actrec
