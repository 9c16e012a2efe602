#pragma once

#include <torch/torch.h>

#include <memory>

#include "config/settings.h"

namespace actrec {

// The optimiser that settings.optimizer names over the parameters of `model`, frozen ones too: they may
// learn later, and have no gradient until then. Weight decay applies to matrices and convolution kernels
// only, not to biases and normalisation layers. Adam: Kingma & Ba 2015; AdamW: Loshchilov & Hutter 2019.
std::unique_ptr<torch::optim::Optimizer> make_optimizer(const torch::nn::Module& model,
                                                        const TrainSettings& settings);

// The encoder's parameters (those of the module `encoder`) learn at the rate times encoder_factor.
void set_learning_rate(torch::optim::Optimizer& optimizer, double learning_rate, double encoder_factor);

}  // namespace actrec
