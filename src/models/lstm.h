#pragma once

#include <torch/torch.h>

namespace actrec {

// What `lstm` (batch_first, with biases, without projections) gives of a sequence that starts with nothing
// remembered: float32 [B, T, D] -> the outputs of its last layer [B, T, H], of both directions where it is
// bidirectional [B, T, 2 H].
//
// Where a gradient will be needed and all is on the CPU, it takes about half of LibTorch's time: the backward
// pass makes the gradient of the recurrent matrix once for all steps, in one product, instead of adding up
// one for each step. Results are LibTorch's up to rounding.
torch::Tensor lstm_outputs(torch::nn::LSTM& lstm, const torch::Tensor& input);

}  // namespace actrec
