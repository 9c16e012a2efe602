#include "models/group_norm.h"

#include <ATen/Parallel.h>
#include <ATen/TracerMode.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/vectorize.h"

namespace actrec {
namespace {

constexpr double kEpsilon = 1e-5;
constexpr std::int64_t kBlock = 32;  // pixels summed in float before the sum goes into a double

// The sizes of a channels_last tensor: N samples of `pixels` x `channels` numbers, channels innermost.
struct Extent {
  std::int64_t samples, pixels, channels, groups;
  explicit Extent(const torch::Tensor& x, std::int64_t group_count)
      : samples(x.size(0)), pixels(x.size(2) * x.size(3)), channels(x.size(1)), groups(group_count) {}
  std::int64_t sample_size() const { return pixels * channels; }
  std::int64_t group_channels() const { return channels / groups; }
};

// Per-channel coefficients of relu(x * scale + shift), which normalises and applies weight and bias.
struct Coefficients {
  std::vector<float> scale, shift;
  Coefficients(const Extent& e, const float* mean, const float* rstd, const float* weight, const float* bias)
      : scale(static_cast<std::size_t>(e.channels)), shift(scale.size()) {
    for (std::int64_t c = 0; c < e.channels; ++c) {
      const std::int64_t g = c / e.group_channels();
      const auto i = static_cast<std::size_t>(c);
      scale[i] = weight[c] * rstd[g];
      shift[i] = bias[c] - mean[g] * scale[i];
    }
  }
};

// sums += x and squares += x^2 for `pixels` rows of `channels` numbers.
ACTREC_VECTORIZE void add_squares(const float* __restrict x, std::int64_t pixels, std::int64_t channels,
                                  float* __restrict sums, float* __restrict squares) {
  for (std::int64_t p = 0; p < pixels; ++p, x += channels) {
    for (std::int64_t c = 0; c < channels; ++c) {
      sums[c] += x[c];
      squares[c] += x[c] * x[c];
    }
  }
}

// sums += dz and products += dz * x, where dz is dy wherever relu(x * scale + shift) lets it through.
ACTREC_VECTORIZE void add_gradients(const float* __restrict x, const float* __restrict dy,
                                    std::int64_t pixels, std::int64_t channels, const float* __restrict scale,
                                    const float* __restrict shift, float* __restrict sums,
                                    float* __restrict products) {
  for (std::int64_t p = 0; p < pixels; ++p, x += channels, dy += channels) {
    for (std::int64_t c = 0; c < channels; ++c) {
      const float dz = x[c] * scale[c] + shift[c] <= 0.f ? 0.f : dy[c];
      sums[c] += dz;
      products[c] += dz * x[c];
    }
  }
}

// y = relu(x * scale + shift). As in LibTorch, NaN stays NaN here and in the gradients: a zero would hide
// that training has diverged.
ACTREC_VECTORIZE void scale_and_clip(const float* __restrict x, std::int64_t pixels, std::int64_t channels,
                                     const float* __restrict scale, const float* __restrict shift,
                                     float* __restrict y) {
  for (std::int64_t p = 0; p < pixels; ++p, x += channels, y += channels) {
    for (std::int64_t c = 0; c < channels; ++c) {
      const float value = x[c] * scale[c] + shift[c];
      y[c] = value < 0.f ? 0.f : value;
    }
  }
}

// dx = dz * scale + x * factor + constant
ACTREC_VECTORIZE void combine_gradients(const float* __restrict x, const float* __restrict dy,
                                        std::int64_t pixels, std::int64_t channels,
                                        const float* __restrict scale, const float* __restrict shift,
                                        const float* __restrict factor, const float* __restrict constant,
                                        float* __restrict dx) {
  for (std::int64_t p = 0; p < pixels; ++p, x += channels, dy += channels, dx += channels) {
    for (std::int64_t c = 0; c < channels; ++c) {
      const float dz = x[c] * scale[c] + shift[c] <= 0.f ? 0.f : dy[c];
      dx[c] = dz * scale[c] + x[c] * factor[c] + constant[c];
    }
  }
}

// Two sums a channel over all pixels of a sample: add(first, count, a, b) adds the pixels' share to a and b.
template <typename Add>
void sum_over_pixels(const Extent& e, Add add, std::vector<double>& first_sums,
                     std::vector<double>& second_sums) {
  std::vector<float> a(first_sums.size()), b(a.size());
  for (std::int64_t first = 0; first < e.pixels; first += kBlock) {
    std::fill(a.begin(), a.end(), 0.f);
    std::fill(b.begin(), b.end(), 0.f);
    add(first * e.channels, std::min(kBlock, e.pixels - first), a.data(), b.data());
    for (std::size_t c = 0; c < a.size(); ++c) {
      first_sums[c] += a[c];
      second_sums[c] += b[c];
    }
  }
}

// mean and rstd: [groups] of one sample.
void measure(const Extent& e, const float* x, float* mean, float* rstd) {
  std::vector<double> sums(static_cast<std::size_t>(e.channels)), squares(sums.size());
  sum_over_pixels(
      e,
      [&](std::int64_t offset, std::int64_t pixels, float* a, float* b) {
        add_squares(x + offset, pixels, e.channels, a, b);
      },
      sums, squares);
  const auto count = static_cast<double>(e.pixels * e.group_channels());
  for (std::int64_t g = 0; g < e.groups; ++g) {
    double sum = 0, square = 0;
    for (std::int64_t c = g * e.group_channels(); c < (g + 1) * e.group_channels(); ++c) {
      sum += sums[static_cast<std::size_t>(c)];
      square += squares[static_cast<std::size_t>(c)];
    }
    const double average = sum / count;
    mean[g] = static_cast<float>(average);
    const double variance = square / count - average * average;
    rstd[g] = static_cast<float>(1.0 / std::sqrt((variance < 0 ? 0 : variance) + kEpsilon));
  }
}

// With xhat = (x - mean) * rstd and dz the gradient where ReLU let the value through:
// dx = rstd * (weight * dz - mean(weight * dz) - xhat * mean(weight * dz * xhat)), means over the group.
void backward_sample(const Extent& e, const float* x, const float* dy, const float* mean, const float* rstd,
                     const float* weight, const Coefficients& k, float* dx, float* dweight, float* dbias) {
  const float *scale = k.scale.data(), *shift = k.shift.data();
  std::vector<double> sums(k.scale.size()), products(sums.size());  // of dz, of dz * x
  sum_over_pixels(
      e,
      [&](std::int64_t offset, std::int64_t pixels, float* a, float* b) {
        add_gradients(x + offset, dy + offset, pixels, e.channels, scale, shift, a, b);
      },
      sums, products);

  std::vector<float> factor(sums.size()), constant(sums.size());  // dx = dz * scale + x * factor + constant
  const auto count = static_cast<double>(e.pixels * e.group_channels());
  for (std::int64_t g = 0; g < e.groups; ++g) {
    double gradient = 0, correlation = 0;  // sums of weight * dz and of weight * dz * xhat
    for (std::int64_t c = g * e.group_channels(); c < (g + 1) * e.group_channels(); ++c) {
      const auto i = static_cast<std::size_t>(c);
      const double xhat_sum = (products[i] - static_cast<double>(mean[g]) * sums[i]) * rstd[g];
      dweight[c] = static_cast<float>(xhat_sum);
      dbias[c] = static_cast<float>(sums[i]);
      gradient += weight[c] * sums[i];
      correlation += weight[c] * xhat_sum;
    }
    const double slope = -static_cast<double>(rstd[g]) * rstd[g] * correlation / count;
    const double offset = -rstd[g] * gradient / count - mean[g] * slope;
    for (std::int64_t c = g * e.group_channels(); c < (g + 1) * e.group_channels(); ++c) {
      factor[static_cast<std::size_t>(c)] = static_cast<float>(slope);
      constant[static_cast<std::size_t>(c)] = static_cast<float>(offset);
    }
  }
  combine_gradients(x, dy, e.pixels, e.channels, scale, shift, factor.data(), constant.data(), dx);
}

// x must be float32, on the CPU and channels_last.
class FusedGroupNormRelu : public torch::autograd::Function<FusedGroupNormRelu> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& bias, std::int64_t groups) {
    const Extent e(x, groups);
    torch::Tensor y = torch::empty_like(x);
    torch::Tensor mean = torch::empty({e.samples, groups}), rstd = torch::empty_like(mean);
    const float* in = x.data_ptr<float>();
    const float* w = weight.data_ptr<float>();
    const float* b = bias.data_ptr<float>();
    float *out = y.data_ptr<float>(), *m = mean.data_ptr<float>(), *r = rstd.data_ptr<float>();
    at::parallel_for(0, e.samples, 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t n = first; n < last; ++n) {
        const float* sample = in + n * e.sample_size();
        measure(e, sample, m + n * groups, r + n * groups);
        const Coefficients k(e, m + n * groups, r + n * groups, w, b);
        scale_and_clip(sample, e.pixels, e.channels, k.scale.data(), k.shift.data(),
                       out + n * e.sample_size());
      }
    });
    context->save_for_backward({x, weight, bias, mean, rstd});
    context->saved_data["groups"] = groups;
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const torch::Tensor &x = saved[0], &weight = saved[1], &bias = saved[2], &mean = saved[3],
                        &rstd = saved[4];
    const std::int64_t groups = context->saved_data["groups"].toInt();
    const Extent e(x, groups);
    const torch::Tensor dy = gradients[0].contiguous(torch::MemoryFormat::ChannelsLast);
    torch::Tensor dx = torch::empty_like(x);
    torch::Tensor dweight = torch::empty({e.samples, e.channels}), dbias = torch::empty_like(dweight);
    const float *in = x.data_ptr<float>(), *gradient = dy.data_ptr<float>();
    const float *w = weight.data_ptr<float>(), *b = bias.data_ptr<float>();
    const float *m = mean.data_ptr<float>(), *r = rstd.data_ptr<float>();
    float *out = dx.data_ptr<float>(), *dw = dweight.data_ptr<float>(), *db = dbias.data_ptr<float>();
    at::parallel_for(0, e.samples, 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t n = first; n < last; ++n) {
        const std::int64_t start = n * e.sample_size();
        const Coefficients k(e, m + n * groups, r + n * groups, w, b);
        backward_sample(e, in + start, gradient + start, m + n * groups, r + n * groups, w, k, out + start,
                        dw + n * e.channels, db + n * e.channels);
      }
    });
    return {dx, dweight.sum(0), dbias.sum(0), torch::Tensor()};
  }
};

}  // namespace

GroupNormRelu::GroupNormRelu(std::int64_t groups, std::int64_t channels)
    : groups_(groups),
      weight_(register_parameter("weight", torch::ones(channels))),
      bias_(register_parameter("bias", torch::zeros(channels))) {}

torch::Tensor GroupNormRelu::forward(const torch::Tensor& input) {
  // Statistics are in 32 bits whatever the convolution before gave.
  const torch::Tensor x = input.scalar_type() == torch::kBFloat16 ? input.to(torch::kFloat32) : input;
  // A trace, for export, is to hold operators only.
  if (x.is_cpu() && x.scalar_type() == torch::kFloat32 &&
      x.is_contiguous(torch::MemoryFormat::ChannelsLast) && !at::tracer::impl::is_dispatch_enabled()) {
    return FusedGroupNormRelu::apply(x, weight_, bias_, groups_);
  }
  return torch::group_norm(x, groups_, weight_, bias_, kEpsilon).relu_();
}

}  // namespace actrec
