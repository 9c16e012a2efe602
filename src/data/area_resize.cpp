#include "data/area_resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/vectorize.h"

namespace actrec {
namespace {

constexpr double kMaxSide = 32'000;  // of a reduced frame

// The run of old pixels under each new pixel of a row or column, with weights that add up to 1. All runs have
// the same length, so that the processor can foresee the loop over them: the last weights may be 0, and their
// pixels may lie beyond the end.
struct Cover {
  int old_length = 0, new_length = 0;
  int taps = 0;                // length of the runs
  std::vector<int> first;      // old pixel of each run
  std::vector<float> weights;  // [new_length][taps]
};

Cover make_cover(int old_length, int new_length) {
  const double step = static_cast<double>(old_length) / new_length;
  Cover cover{old_length, new_length, static_cast<int>(std::ceil(step)) + 1, {}, {}};
  for (int i = 0; i < new_length; ++i) {
    const double begin = i * step;
    const double end = std::min((i + 1) * step, static_cast<double>(old_length));
    cover.first.push_back(static_cast<int>(begin));
    for (int k = cover.first.back(); k < cover.first.back() + cover.taps; ++k) {
      const double shared = std::min(end, k + 1.0) - std::max(begin, static_cast<double>(k));
      cover.weights.push_back(static_cast<float>(std::max(0.0, shared / step)));
    }
  }
  return cover;
}

// Frames of a clip have one size: the last cover is kept.
const Cover& cover_for(int old_length, int new_length, Cover& kept) {
  if (kept.old_length != old_length || kept.new_length != new_length)
    kept = make_cover(old_length, new_length);
  return kept;
}

// sum[k] = the weighted sum of a run of rows. Three rows are added in one go, as many as most runs have; rows
// with weight 0 are not touched.
// Every processor gives the same bits, because nothing is fused in this file (see CMakeLists.txt).
ACTREC_VECTORIZE
void add_rows(const uchar* row, std::size_t row_step, const float* weights, int taps, std::size_t length,
              float* sum) {
  const auto row_at = [&](int i) {
    while (weights[i] == 0) --i;
    return row + static_cast<std::size_t>(i) * row_step;
  };
  const uchar* second = row_at(1);
  const uchar* third = row_at(std::min(2, taps - 1));
  const float w0 = weights[0], w1 = weights[1], w2 = taps > 2 ? weights[2] : 0;
  for (std::size_t k = 0; k < length; ++k) {
    sum[k] = w0 * static_cast<float>(row[k]) + w1 * static_cast<float>(second[k]) +
             w2 * static_cast<float>(third[k]);
  }
  for (int i = 3; i < taps && weights[i] > 0; ++i) {
    const uchar* next = row_at(i);
    const float weight = weights[i];
    for (std::size_t k = 0; k < length; ++k) sum[k] += weight * static_cast<float>(next[k]);
  }
}

// A pixel's red, green and blue, and whatever comes after them.
typedef float Pixel __attribute__((vector_size(16)));
typedef int Integers __attribute__((vector_size(16)));

Pixel load(const float* pixel) {
  Pixel value;
  std::memcpy(&value, pixel, sizeof value);
  return value;
}

// out = the weighted sums of runs of pixels; `sum` goes on with zeros where runs pass its end. kTaps is the
// length of the runs, or 0 for any.
template <int kTaps>
void add_columns(const Cover& columns, const float* sum, uchar* out) {
  const int taps = kTaps > 0 ? kTaps : columns.taps;
  const float* weights = columns.weights.data();
  for (const int first : columns.first) {
    const float* pixel = sum + 3 * first;
    Pixel total = {0.5F, 0.5F, 0.5F, 0.5F};  // rounds to nearest below
    for (int k = 0; k < taps; ++k) total += weights[k] * load(pixel + 3 * k);
    weights += taps;
    const auto rounded = __builtin_convertvector(total, Integers);
    *out++ = static_cast<uchar>(rounded[0]);
    *out++ = static_cast<uchar>(rounded[1]);
    *out++ = static_cast<uchar>(rounded[2]);
  }
}

void add_columns(const Cover& columns, const float* sum, uchar* out) {
  // Most videos are reduced to between a half and a third, or by less than that.
  switch (columns.taps) {
    case 3:
      return add_columns<3>(columns, sum, out);
    case 4:
      return add_columns<4>(columns, sum, out);
    default:
      return add_columns<0>(columns, sum, out);
  }
}

}  // namespace

cv::Mat reduce_by_area(const cv::Mat& image, cv::Size size) {
  static thread_local Cover kept_columns, kept_rows;
  static thread_local std::vector<float> sum;
  const Cover& columns = cover_for(image.cols, size.width, kept_columns);
  const Cover& rows = cover_for(image.rows, size.height, kept_rows);
  const std::size_t length = static_cast<std::size_t>(image.cols) * 3;
  sum.assign(length + static_cast<std::size_t>(columns.taps) * 3 + 1, 0.0F);
  cv::Mat reduced(size, CV_8UC3);
  for (int y = 0; y < size.height; ++y) {
    // Rows first: the expensive direction runs along memory.
    const auto i = static_cast<std::size_t>(y);
    add_rows(image.ptr(rows.first[i]), image.step,
             rows.weights.data() + i * static_cast<std::size_t>(rows.taps), rows.taps, length, sum.data());
    add_columns(columns, sum.data(), reduced.ptr(y));
  }
  return reduced;
}

cv::Size reduced_size(cv::Size frame, int short_side) {
  const int side = std::min(frame.width, frame.height);
  const double factor = std::min(1.0, static_cast<double>(short_side) / side);
  // OpenCV's warps count pixels in 16 bits.
  if (std::max(frame.width, frame.height) * factor > kMaxSide) {
    throw DataError("a frame of " + std::to_string(frame.width) + "x" + std::to_string(frame.height) +
                        " pixels is too long and narrow",
                    "cut or scale the video");
  }
  if (side <= short_side) return frame;
  return {std::max(1, static_cast<int>(std::lround(frame.width * factor))),
          std::max(1, static_cast<int>(std::lround(frame.height * factor)))};
}

cv::Mat reduce_frame(const cv::Mat& frame, int short_side) {
  const cv::Size size = reduced_size(frame.size(), short_side);
  return size == frame.size() ? frame.clone() : reduce_by_area(frame, size);
}

}  // namespace actrec
