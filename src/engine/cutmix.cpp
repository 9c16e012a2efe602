#include "engine/cutmix.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace actrec {
namespace {

struct Span {
  std::int64_t begin, end;
  std::int64_t length() const { return end - begin; }
};

// So much of a side around a random centre, as far as it lies inside.
Span draw_span(std::int64_t side, double share) {
  const auto length = static_cast<std::int64_t>(std::llround(share * static_cast<double>(side)));
  const std::int64_t begin = torch::randint(side, {1}).item<std::int64_t>() - length / 2;
  return {std::clamp<std::int64_t>(begin, 0, side), std::clamp<std::int64_t>(begin + length, 0, side)};
}

}  // namespace

MixedClips cut_and_mix(const torch::Tensor& clips, const torch::Tensor& labels, int grid) {
  const bool pixels = clips.dim() == 5;
  const std::int64_t rows_at = pixels ? 2 : 3;
  const torch::Tensor maps = pixels ? clips : clips.view({clips.size(0), clips.size(1), -1, grid, grid});
  const double share = std::sqrt(torch::rand({1}, torch::kFloat64).item<double>());  // of each side
  const Span rows = draw_span(maps.size(rows_at), share), columns = draw_span(maps.size(rows_at + 1), share);
  const auto part = [&](const torch::Tensor& of) {
    return of.slice(rows_at, rows.begin, rows.end).slice(rows_at + 1, columns.begin, columns.end);
  };
  const torch::Tensor others = torch::randperm(clips.size(0)).to(clips.device());
  const torch::Tensor mixed = maps.clone();
  part(mixed).copy_(part(maps).index_select(0, others));
  const auto area = static_cast<double>(rows.length() * columns.length());
  return {mixed.view(clips.sizes()), labels.index_select(0, others),
          1 - area / static_cast<double>(maps.size(rows_at) * maps.size(rows_at + 1))};
}

}  // namespace actrec
