#include "data/yuv_reduce.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "core/vectorize.h"

// Everything is integers of 8 and 16 bits, so that a vector holds many. A plane is reduced in height, 16 rows
// at a time; these are turned, so that a vector holds a column of 16 samples; columns are added up, and
// turned back.

namespace actrec {
namespace {

constexpr int kLanes = 16;
// Halves, which are frequent where a side is halved, are rounded up in every other row and column, and down
// in between, so that pictures become no brighter.
constexpr std::uint16_t kWeightSum = 256, kHalfSum = kWeightSum / 2;
typedef std::uint8_t Bytes __attribute__((vector_size(kLanes)));
typedef std::uint16_t Words __attribute__((vector_size(2 * kLanes)));

#define ACTREC_INLINE inline __attribute__((always_inline))

// The run of samples under each new pixel of a row or column, with weights that add up to kWeightSum. All
// runs have the same length; the last weights may be 0.
struct Cover {
  int pixels = 0;      // of the frame
  int per_sample = 0;  // pixels that a sample covers
  int new_length = 0;
  int samples = 0, taps = 0;           // in all, and of a run
  std::vector<int> first;              // sample of each run
  std::vector<std::uint16_t> weights;  // [new_length][taps]
};

Cover make_cover(int pixels, int per_sample, int new_length) {
  Cover cover{pixels, per_sample, new_length, (pixels + per_sample - 1) / per_sample, 0, {}, {}};
  const double step = static_cast<double>(pixels) / per_sample / new_length;
  cover.taps = std::min(cover.samples, static_cast<int>(std::ceil(step)) + 1);
  for (int i = 0; i < new_length; ++i) {
    const double begin = i * step;
    const int first = std::min(static_cast<int>(begin), cover.samples - cover.taps);
    cover.first.push_back(first);
    // The sums of weights are rounded, not the weights, so that they add up.
    int sum = 0;
    for (int k = 1; k <= cover.taps; ++k) {
      const double covered = std::clamp((first + k - begin) / step, 0.0, 1.0);
      const int rounded = k == cover.taps ? kWeightSum : static_cast<int>(std::lround(kWeightSum * covered));
      cover.weights.push_back(static_cast<std::uint16_t>(rounded - sum));
      sum = rounded;
    }
  }
  return cover;
}

// Frames of a clip have one size: the last cover is kept.
const Cover& cover_for(int pixels, int per_sample, int new_length, Cover& kept) {
  if (kept.pixels != pixels || kept.per_sample != per_sample || kept.new_length != new_length)
    kept = make_cover(pixels, per_sample, new_length);
  return kept;
}

// sum += the weighted sum of kTaps rows. Sums of all weights stay below 2^16.
template <int kTaps>
ACTREC_INLINE void add_few_rows(const std::uint8_t* row, std::ptrdiff_t stride, const std::uint16_t* weights,
                                int length, std::uint16_t* __restrict sum) {
  for (int x = 0; x < length; ++x) {
    std::uint16_t more = sum[x];
    for (int k = 0; k < kTaps; ++k)
      more = static_cast<std::uint16_t>(more + weights[k] * row[k * stride + x]);
    sum[x] = more;
  }
}

// out = the weighted sum of a run of rows; `half` is added before it is rounded down. `sum`: scratch memory.
ACTREC_VECTORIZE
void add_rows(const std::uint8_t* row, std::ptrdiff_t stride, const std::uint16_t* weights, int taps,
              int length, std::uint16_t half, std::uint16_t* __restrict sum, std::uint8_t* __restrict out) {
  while (weights[taps - 1] == 0) --taps;
  for (int x = 0; x < length; ++x) sum[x] = half;
  for (; taps >= 3; taps -= 3, weights += 3, row += 3 * stride)
    add_few_rows<3>(row, stride, weights, length, sum);
  if (taps == 2) add_few_rows<2>(row, stride, weights, length, sum);
  if (taps == 1) add_few_rows<1>(row, stride, weights, length, sum);
  for (int x = 0; x < length; ++x) out[x] = static_cast<std::uint8_t>(sum[x] / kWeightSum);
}

// Turns 16 x 16 bytes: interleaving vectors i and i + 8 four times is a transposition.
ACTREC_INLINE void transpose(Bytes* a) {
  constexpr Bytes low = {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23};
  constexpr Bytes high = {8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  Bytes b[kLanes];
  const auto interleave = [&](const Bytes* from, Bytes* to) {
    for (int i = 0; i < kLanes / 2; ++i) {
      to[2 * i] = __builtin_shuffle(from[i], from[i + kLanes / 2], low);
      to[2 * i + 1] = __builtin_shuffle(from[i], from[i + kLanes / 2], high);
    }
  };
  interleave(a, b);
  interleave(b, a);
  interleave(a, b);
  interleave(b, a);
}

// 16 rows that lie `stride` apart, and their columns, one after another.
ACTREC_VECTORIZE
void rows_to_columns(const std::uint8_t* rows, std::size_t stride, std::size_t length, Bytes* columns) {
  for (std::size_t x = 0; x < length; x += kLanes) {
    for (std::size_t r = 0; r < kLanes; ++r) std::memcpy(&columns[x + r], rows + r * stride + x, kLanes);
    transpose(columns + x);
  }
}
ACTREC_VECTORIZE
void columns_to_rows(Bytes* columns, std::size_t length, std::uint8_t* rows, std::size_t stride) {
  for (std::size_t x = 0; x < length; x += kLanes) {
    transpose(columns + x);
    for (std::size_t r = 0; r < kLanes; ++r) std::memcpy(rows + r * stride + x, &columns[x + r], kLanes);
  }
}

template <int kTaps>  // the length of the runs, or 0 for any
ACTREC_INLINE void add_some_columns(const Bytes* columns, const Cover& cover, Bytes* out) {
  const int taps = kTaps > 0 ? kTaps : cover.taps;
  const std::uint16_t* weights = cover.weights.data();
  std::uint16_t half = kHalfSum;
  for (const int first : cover.first) {
    Words sum = Words{} + half;
    half ^= kHalfSum ^ (kHalfSum - 1);
    for (int k = 0; k < taps; ++k) sum += __builtin_convertvector(columns[first + k], Words) * weights[k];
    weights += taps;
    *out++ = __builtin_convertvector(sum / kWeightSum, Bytes);
  }
}

// out = the weighted sums of runs of columns.
ACTREC_VECTORIZE
void add_columns(const Bytes* columns, const Cover& cover, Bytes* out) {
  switch (cover.taps) {
    case 2:
      return add_some_columns<2>(columns, cover, out);
    case 3:
      return add_some_columns<3>(columns, cover, out);
    case 4:
      return add_some_columns<4>(columns, cover, out);
    default:
      return add_some_columns<0>(columns, cover, out);
  }
}

std::size_t whole_vectors(int length) {
  return static_cast<std::size_t>((length + kLanes - 1) / kLanes) * kLanes;
}

// A reduced plane; rows and columns beyond its size hold anything.
struct ReducedPlane {
  std::vector<std::uint8_t> samples;
  std::size_t stride = 0;
  const std::uint8_t* row(int y) const { return samples.data() + static_cast<std::size_t>(y) * stride; }
};

void reduce_plane(const Plane& plane, const Cover& across, const Cover& down, ReducedPlane& reduced) {
  static thread_local std::vector<std::uint16_t> sum;
  static thread_local std::vector<std::uint8_t> rows;
  static thread_local std::vector<Bytes> columns, new_columns;
  const std::size_t width = whole_vectors(across.samples);
  reduced.stride = whole_vectors(across.new_length);
  reduced.samples.resize(reduced.stride * whole_vectors(down.new_length));
  sum.resize(width);
  rows.resize(width * kLanes);
  columns.resize(width);
  new_columns.resize(reduced.stride);
  for (int top = 0; top < down.new_length; top += kLanes) {
    for (int r = 0; r < std::min(kLanes, down.new_length - top); ++r) {
      const auto y = static_cast<std::size_t>(top + r);
      add_rows(plane.data + down.first[y] * plane.stride, plane.stride,
               down.weights.data() + y * static_cast<std::size_t>(down.taps), down.taps, across.samples,
               static_cast<std::uint16_t>(kHalfSum - y % 2), sum.data(),
               rows.data() + static_cast<std::size_t>(r) * width);
    }
    rows_to_columns(rows.data(), width, width, columns.data());
    add_columns(columns.data(), across, new_columns.data());
    columns_to_rows(new_columns.data(), reduced.stride,
                    reduced.samples.data() + static_cast<std::size_t>(top) * reduced.stride, reduced.stride);
  }
}

// The conversion's numbers: samples have 7 bits below the point, factors 13.
struct Conversion {
  std::int16_t black, luma, red_v, green_u, green_v, blue_u;
};

Conversion conversion_of(const YuvFrame& frame) {
  const auto fixed = [](double number, int bits) {
    return static_cast<std::int16_t>(std::lround(number * (1 << bits)));
  };
  return {fixed(frame.black, 7),    fixed(frame.luma, 13),    fixed(frame.red_v, 13),
          fixed(frame.green_u, 13), fixed(frame.green_v, 13), fixed(frame.blue_u, 13)};
}

ACTREC_VECTORIZE
void convert_row(const std::uint8_t* __restrict y, const std::uint8_t* __restrict u,
                 const std::uint8_t* __restrict v, const Conversion& conversion, int length,
                 std::uint8_t* __restrict rgb) {
  const auto [black, luma, red_v, green_u, green_v, blue_u] = conversion;
  constexpr std::int16_t kNone = 0, kFull = 255 * 16 + 15;  // 4 bits below the point
  constexpr std::int16_t kHalf = 8;
  for (int x = 0; x < length; ++x) {
    const auto grey = static_cast<std::int16_t>((y[x] << 7) - black);
    const auto du = static_cast<std::int16_t>((u[x] - 128) << 7);
    const auto dv = static_cast<std::int16_t>((v[x] - 128) << 7);
    // Each step in 16 bits, which vectors have twice as many of.
    const auto base = static_cast<std::int16_t>(static_cast<std::int16_t>((grey * luma) >> 16) + kHalf);
    const auto red = static_cast<std::int16_t>(base + static_cast<std::int16_t>((dv * red_v) >> 16));
    const auto less_u = static_cast<std::int16_t>(base - static_cast<std::int16_t>((du * green_u) >> 16));
    const auto green = static_cast<std::int16_t>(less_u - static_cast<std::int16_t>((dv * green_v) >> 16));
    const auto blue = static_cast<std::int16_t>(base + static_cast<std::int16_t>((du * blue_u) >> 16));
    rgb[3 * x] = static_cast<std::uint8_t>(std::max(kNone, std::min(kFull, red)) >> 4);
    rgb[3 * x + 1] = static_cast<std::uint8_t>(std::max(kNone, std::min(kFull, green)) >> 4);
    rgb[3 * x + 2] = static_cast<std::uint8_t>(std::max(kNone, std::min(kFull, blue)) >> 4);
  }
}

}  // namespace

cv::Mat reduce_yuv(const YuvFrame& frame, cv::Size size) {
  static thread_local std::array<Cover, 3> across, down;
  static thread_local std::array<ReducedPlane, 3> reduced;
  const std::array<const Plane*, 3> planes{&frame.y, &frame.u, &frame.v};
  for (std::size_t p = 0; p < planes.size(); ++p) {
    const Plane& plane = *planes[p];
    reduce_plane(plane, cover_for(frame.size.width, plane.across, size.width, across[p]),
                 cover_for(frame.size.height, plane.down, size.height, down[p]), reduced[p]);
  }
  const Conversion conversion = conversion_of(frame);
  cv::Mat rgb(size, CV_8UC3);
  for (int y = 0; y < size.height; ++y) {
    convert_row(reduced[0].row(y), reduced[1].row(y), reduced[2].row(y), conversion, size.width, rgb.ptr(y));
  }
  return rgb;
}

}  // namespace actrec
