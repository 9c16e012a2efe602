#include "data/yuv_reduce.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "core/vectorize.h"

// Everything is integers of 8 and 16 bits, so that a vector holds many. A plane is reduced in height, 32 rows
// at a time; these are turned, so that a vector holds a column of 32 samples; columns are added up, and
// turned back.

namespace actrec {
namespace {

// Halves, which are frequent where a side is halved, are rounded up in every other row and column, and down
// in between, so that pictures become no brighter.
constexpr std::uint16_t kWeightSum = 256, kHalfSum = kWeightSum / 2;

constexpr int kLanes = 32;                                           // samples that are added up side by side
typedef std::uint16_t Samples __attribute__((vector_size(kLanes)));  // two in a word
constexpr int kTurned = 16;                                          // side of the squares that are turned
typedef std::uint8_t Bytes __attribute__((vector_size(kTurned)));

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
  if (kept.pixels != pixels || kept.per_sample != per_sample || kept.new_length != new_length) {
    kept = make_cover(pixels, per_sample, new_length);
  }
  return kept;
}

// out = the weighted sum of vectors of samples that lie `step` bytes apart; `half` is added before it is
// rounded down. Sums stay below 2^16.
template <int kTaps>  // or 0 for any number
ACTREC_INLINE void add_vectors(const std::uint8_t* samples, std::ptrdiff_t step, const std::uint16_t* weights,
                               int taps, std::uint16_t half, std::uint8_t* out) {
  constexpr std::uint16_t kLowByte = 0xff;
  Samples low = Samples{} + half, high = low;
  for (int k = 0; k < (kTaps > 0 ? kTaps : taps); ++k) {
    Samples some;
    std::memcpy(&some, samples + k * step, kLanes);
    low += (some & kLowByte) * weights[k];
    high += (some >> 8) * weights[k];
  }
  const Samples sum = (low >> 8) | (high & static_cast<std::uint16_t>(~kLowByte));
  std::memcpy(out, &sum, kLanes);
}

template <int kTaps>
ACTREC_INLINE void add_some_rows(const std::uint8_t* row, std::ptrdiff_t stride, const std::uint16_t* weights,
                                 int taps, int length, std::uint16_t half, std::uint8_t* out) {
  for (int x = 0; x < length; x += kLanes) {
    x = std::min(x, length - kLanes);  // the last vector overlaps the one before it
    add_vectors<kTaps>(row + x, stride, weights, taps, half, out + x);
  }
}

// out = the weighted sum of a run of rows; `half` is added before it is rounded down.
ACTREC_VECTORIZE
void add_rows(const std::uint8_t* row, std::ptrdiff_t stride, const std::uint16_t* weights, int taps,
              int length, std::uint16_t half, std::uint8_t* out) {
  if (length < kLanes) {
    for (int x = 0; x < length; ++x) {
      int sum = half;
      for (int k = 0; k < taps; ++k) sum += weights[k] * row[k * stride + x];
      out[x] = static_cast<std::uint8_t>(sum / kWeightSum);
    }
    return;
  }
  while (weights[taps - 1] == 0) --taps;
  switch (taps) {
    case 1:
      return add_some_rows<1>(row, stride, weights, taps, length, half, out);
    case 2:
      return add_some_rows<2>(row, stride, weights, taps, length, half, out);
    case 3:
      return add_some_rows<3>(row, stride, weights, taps, length, half, out);
    case 4:
      return add_some_rows<4>(row, stride, weights, taps, length, half, out);
    default:
      return add_some_rows<0>(row, stride, weights, taps, length, half, out);
  }
}

template <int kTaps>
ACTREC_INLINE void add_some_columns(const std::uint8_t* columns, const Cover& cover, std::uint8_t* out) {
  const std::uint16_t* weights = cover.weights.data();
  std::uint16_t half = kHalfSum;
  for (const int first : cover.first) {
    add_vectors<kTaps>(columns + first * kLanes, kLanes, weights, cover.taps, half, out);
    out += kLanes;
    weights += cover.taps;
    half ^= kHalfSum ^ (kHalfSum - 1);
  }
}

// out = the weighted sums of runs of columns.
ACTREC_VECTORIZE
void add_columns(const std::uint8_t* columns, const Cover& cover, std::uint8_t* out) {
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

// Turns 16 x 16 bytes, whose rows lie `stride` and `new_stride` bytes apart: interleaving vectors i and i + 8
// four times is a transposition.
ACTREC_INLINE void turn(const std::uint8_t* from, std::size_t stride, std::uint8_t* to,
                        std::size_t new_stride) {
  Bytes a[kTurned], b[kTurned];
  const auto interleave = [&](const Bytes* rows, Bytes* mixed) {
    for (int i = 0; i < kTurned / 2; ++i) {
      const Bytes &upper = rows[i], &lower = rows[i + kTurned / 2];
      mixed[2 * i] =
          __builtin_shufflevector(upper, lower, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      mixed[2 * i + 1] =
          __builtin_shufflevector(upper, lower, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
  };
  for (std::size_t r = 0; r < kTurned; ++r) std::memcpy(&a[r], from + r * stride, kTurned);
  interleave(a, b);
  interleave(b, a);
  interleave(a, b);
  interleave(b, a);
  for (std::size_t r = 0; r < kTurned; ++r) std::memcpy(to + r * new_stride, &a[r], kTurned);
}

// kLanes rows of `length` bytes that lie `stride` apart, and their columns, one after another.
ACTREC_VECTORIZE
void rows_to_columns(const std::uint8_t* rows, std::size_t stride, std::size_t length,
                     std::uint8_t* columns) {
  for (std::size_t x = 0; x < length; x += kTurned)
    for (std::size_t y = 0; y < kLanes; y += kTurned)
      turn(rows + y * stride + x, stride, columns + x * kLanes + y, kLanes);
}
ACTREC_VECTORIZE
void columns_to_rows(const std::uint8_t* columns, std::size_t length, std::uint8_t* rows,
                     std::size_t stride) {
  for (std::size_t x = 0; x < length; x += kTurned)
    for (std::size_t y = 0; y < kLanes; y += kTurned)
      turn(columns + x * kLanes + y, kLanes, rows + y * stride + x, stride);
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
  static thread_local std::vector<std::uint8_t> rows, columns, new_columns;
  const std::size_t width = whole_vectors(across.samples);
  reduced.stride = whole_vectors(across.new_length);
  reduced.samples.resize(reduced.stride * whole_vectors(down.new_length));
  rows.resize(width * kLanes);
  columns.resize(width * kLanes);
  new_columns.resize(reduced.stride * kLanes);
  for (int top = 0; top < down.new_length; top += kLanes) {
    for (int r = 0; r < std::min(kLanes, down.new_length - top); ++r) {
      const auto y = static_cast<std::size_t>(top + r);
      add_rows(plane.data + down.first[y] * plane.stride, plane.stride,
               down.weights.data() + y * static_cast<std::size_t>(down.taps), down.taps, across.samples,
               static_cast<std::uint16_t>(kHalfSum - y % 2),
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
                 std::uint8_t* __restrict r, std::uint8_t* __restrict g, std::uint8_t* __restrict b) {
  const auto [black, luma, red_v, green_u, green_v, blue_u] = conversion;
  constexpr std::int16_t kNone = 0, kFull = 255 * 16 + 15;  // 4 bits below the point
  constexpr std::int16_t kHalf = 8;
  for (int x = 0; x < length; ++x) {
    const auto grey = static_cast<std::int16_t>((y[x] << 7) - black);
    const auto du = static_cast<std::int16_t>((u[x] - 128) * 128);
    const auto dv = static_cast<std::int16_t>((v[x] - 128) * 128);
    // Each step in 16 bits, which vectors have twice as many of.
    const auto base = static_cast<std::int16_t>(static_cast<std::int16_t>((grey * luma) >> 16) + kHalf);
    const auto red = static_cast<std::int16_t>(base + static_cast<std::int16_t>((dv * red_v) >> 16));
    const auto less_u = static_cast<std::int16_t>(base - static_cast<std::int16_t>((du * green_u) >> 16));
    const auto green = static_cast<std::int16_t>(less_u - static_cast<std::int16_t>((dv * green_v) >> 16));
    const auto blue = static_cast<std::int16_t>(base + static_cast<std::int16_t>((du * blue_u) >> 16));
    r[x] = static_cast<std::uint8_t>(std::max(kNone, std::min(kFull, red)) >> 4);
    g[x] = static_cast<std::uint8_t>(std::max(kNone, std::min(kFull, green)) >> 4);
    b[x] = static_cast<std::uint8_t>(std::max(kNone, std::min(kFull, blue)) >> 4);
  }
}

// Three rows of whole vectors to pixels.
ACTREC_VECTORIZE
void interleave_row(const std::uint8_t* r, const std::uint8_t* g, const std::uint8_t* b, int length,
                    std::uint8_t* rgb) {
  for (int x = 0; x < length; x += kTurned) {
    Bytes red, green, blue;
    std::memcpy(&red, r + x, kTurned);
    std::memcpy(&green, g + x, kTurned);
    std::memcpy(&blue, b + x, kTurned);
    // First red and green, with gaps for blue.
    const Bytes pixels[] = {
        __builtin_shufflevector(
            __builtin_shufflevector(red, green, 0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5), blue, 0,
            1, 16, 3, 4, 17, 6, 7, 18, 9, 10, 19, 12, 13, 20, 15),
        __builtin_shufflevector(
            __builtin_shufflevector(red, green, 21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26), blue,
            0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24, 11, 12, 25, 14, 15),
        __builtin_shufflevector(
            __builtin_shufflevector(red, green, 0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0),
            blue, 26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10, 11, 30, 13, 14, 31)};
    std::memcpy(rgb + 3 * x, pixels, sizeof pixels);
  }
}

}  // namespace

cv::Mat reduce_yuv(const YuvFrame& frame, cv::Size size) {
  static thread_local std::array<Cover, 3> across, down;
  static thread_local std::array<ReducedPlane, 3> reduced;
  static thread_local std::vector<std::uint8_t> row;
  const std::array<const Plane*, 3> planes{&frame.y, &frame.u, &frame.v};
  for (std::size_t p = 0; p < planes.size(); ++p) {
    const Plane& plane = *planes[p];
    reduce_plane(plane, cover_for(frame.size.width, plane.across, size.width, across[p]),
                 cover_for(frame.size.height, plane.down, size.height, down[p]), reduced[p]);
  }
  const Conversion conversion = conversion_of(frame);
  cv::Mat rgb(size, CV_8UC3);
  const std::size_t stride = reduced[0].stride;
  row.resize(6 * stride);
  std::uint8_t *r = row.data(), *g = r + stride, *b = g + stride, *mixed = b + stride;
  for (int y = 0; y < size.height; ++y) {
    convert_row(reduced[0].row(y), reduced[1].row(y), reduced[2].row(y), conversion, size.width, r, g, b);
    interleave_row(r, g, b, size.width, mixed);
    std::memcpy(rgb.ptr(y), mixed, 3 * static_cast<std::size_t>(size.width));
  }
  return rgb;
}

}  // namespace actrec
