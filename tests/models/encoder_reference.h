#pragma once

#include <cmath>
#include <set>
#include <string>

#include "models/encoder.h"
#include "torch_reference.h"

namespace actrec {

// The C++ half of tests/reference/encoder_reference.py, which says what is compared.

constexpr std::int64_t kReferenceFrames = 2, kReferenceHeight = 72, kReferenceWidth = 50;

// Uniform in [-1, 1), float64, a function of name and shape: `noise` in the script.
inline torch::Tensor noise(const std::string& name, torch::IntArrayRef shape) {
  std::uint32_t seed = 2166136261U;
  for (const char byte : name) seed = (seed ^ static_cast<unsigned char>(byte)) * 16777619U;
  constexpr std::int64_t kBits31 = 0x7FFFFFFF;
  torch::Tensor x = torch::arange(c10::multiply_integers(shape), torch::kInt64)
                        .add_(static_cast<std::int64_t>(seed))
                        .bitwise_and_(kBits31);
  for (const auto& [shift, factor] : {std::pair{16, 0x45D9F3B}, {15, 0x2C1B3C6D}, {13, 0x297A2D39}}) {
    x = x.bitwise_xor_(x.bitwise_right_shift(shift)).mul_(factor).bitwise_and_(kBits31);
  }
  return x.bitwise_right_shift_(7).to(torch::kFloat64).div_(1 << 23).sub_(1).reshape(shape);
}

inline bool ends_with(const std::string& name, const std::string& end) {
  return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
}

// `fill` in the script, for one tensor.
inline void fill(const std::string& name, torch::Tensor& tensor) {
  torch::NoGradGuard no_grad;
  torch::Tensor value = noise(name, tensor.sizes());
  if (tensor.dim() == 4) {
    value *= std::sqrt(6.0 * static_cast<double>(tensor.size(0)) / static_cast<double>(tensor.numel()));
  } else if (ends_with(name, ".weight") || ends_with(name, ".running_var")) {
    value = 1 + value / 2;
  } else if (ends_with(name, ".num_batches_tracked")) {
    value.zero_();
  }
  tensor.copy_(value.to(torch::kFloat32));
}

// Largest difference as a share of the reference's largest number.
inline double relative_difference(const torch::Tensor& a, const torch::Tensor& reference) {
  return max_difference(a, reference) / std::max(reference.abs().max().item<double>(), 1e-300);
}

inline void expect_features_like(Encoder& encoder, const TensorFile& reference) {
  const torch::Tensor x =
      noise("input", {kReferenceFrames, 3, kReferenceHeight, kReferenceWidth}).to(torch::kFloat32);
  const torch::Tensor& features = reference.tensors.at("features");
  torch::NoGradGuard no_grad;
  encoder.eval();
  const torch::Tensor y = encoder.forward(x);
  ASSERT_EQ(y.sizes(), features.sizes());
  EXPECT_LT(relative_difference(y, features), 1e-4);
  EXPECT_LT(relative_difference(encoder.forward(x.contiguous(torch::MemoryFormat::ChannelsLast)), features),
            1e-4);
}

// In float64, so that no rounding pushes a number across ReLU's corner, where the gradient jumps.
inline void expect_training_step_like(Encoder& encoder, const TensorFile& reference) {
  encoder.to(torch::kFloat64);
  encoder.train();
  const torch::Tensor y =
      encoder.forward(noise("input", {kReferenceFrames, 3, kReferenceHeight, kReferenceWidth}));
  (y * noise("loss", y.sizes())).sum().backward();
  // Before batch normalisation a bias has no gradient: what there is of it is rounding of the others.
  double largest = 0;
  for (const auto& [name, tensor] : reference.tensors) {
    if (name.rfind("gradient/", 0) == 0) largest = std::max(largest, tensor.abs().max().item<double>());
  }
  for (const auto& item : encoder.named_parameters()) {
    SCOPED_TRACE(item.key());
    ASSERT_TRUE(item.value().grad().defined());
    torch::Tensor gradient = item.value().grad();
    if (gradient.dim() > 1) gradient = (gradient * noise(item.key(), gradient.sizes())).flatten(1).sum(1);
    const torch::Tensor& expected = reference.tensors.at("gradient/" + item.key());
    EXPECT_LT(max_difference(gradient, expected),
              1e-6 * expected.abs().max().item<double>() + 1e-11 * largest);
  }
  for (const auto& item : encoder.named_buffers()) {
    SCOPED_TRACE(item.key());
    EXPECT_LT(relative_difference(item.value(), reference.tensors.at("buffer/" + item.key())), 1e-6);
  }
}

// The encoder that make_encoder gives has the reference network's names, and its numbers: features in
// evaluation mode in both memory layouts; gradients and running statistics of a step in training mode.
inline void expect_like_reference(EncoderType type) {
  EncoderSettings settings;
  settings.type = type;
  const TensorFile reference =
      run_reference("encoder_reference.py", Names<EncoderType>::kSpellings[static_cast<std::size_t>(type)],
                    "torch, torchvision");
  if (reference.tensors.empty()) GTEST_SKIP() << "python3-torch or python3-torchvision is not installed";
  const auto encoder = make_encoder(settings, FrameSize(kReferenceHeight, kReferenceWidth));

  std::set<std::string> names{"features"}, expected;
  for (auto& item : encoder->named_parameters()) {
    fill(item.key(), item.value());
    names.insert("gradient/" + item.key());
  }
  for (auto& item : encoder->named_buffers()) {
    fill(item.key(), item.value());
    names.insert("buffer/" + item.key());
  }
  for (const auto& item : reference.tensors) expected.insert(item.first);
  ASSERT_EQ(names, expected);
  expect_features_like(*encoder, reference);
  expect_training_step_like(*encoder, reference);
}

}  // namespace actrec
