#pragma once

#include <torch/torch.h>

#include <memory>

#include "config/settings.h"
#include "models/state.h"

namespace actrec {

// The optimiser that settings.optimizer names over the parameters of `model`, frozen ones too: they may
// learn later, and have no gradient until then. Weight decay applies to matrices and convolution kernels
// only, not to biases and normalisation layers. Adam: Kingma & Ba 2015; AdamW: Loshchilov & Hutter 2019.
std::unique_ptr<torch::optim::Optimizer> make_optimizer(const torch::nn::Module& model,
                                                        const TrainSettings& settings);

// The encoder's parameters (those of the module `encoder`) learn at the rate times encoder_factor.
void set_learning_rate(torch::optim::Optimizer& optimizer, double learning_rate, double encoder_factor);

// What the optimiser remembers of each parameter of `model`, by the parameter's name: "NAME.exp_avg",
// "NAME.exp_avg_sq" and "NAME.step" (int64, a scalar) of adamw and adam, "NAME.momentum_buffer" of sgd.
// Nothing of parameters that have not learned yet. The tensors are the optimiser's own.
NamedTensors optimizer_state(torch::optim::Optimizer& optimizer, const torch::nn::Module& model);

// Puts back, as copies, what optimizer_state() gave, so that the next step is the one that would have
// followed. Throws CheckpointError, naming `path`, for tensors that are missing, extra, or of another shape.
void load_optimizer_state(torch::optim::Optimizer& optimizer, const torch::nn::Module& model,
                          const NamedTensors& state, const std::filesystem::path& path);

}  // namespace actrec
