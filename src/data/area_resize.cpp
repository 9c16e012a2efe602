#include "data/area_resize.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace actrec {
namespace {

// The run of old pixels under one new pixel, with weights that add up to 1.
struct Cover {
  int first = 0;
  std::vector<float> weights;
};

std::vector<Cover> covers(int old_length, int new_length) {
  std::vector<Cover> all(static_cast<std::size_t>(new_length));
  const double step = static_cast<double>(old_length) / new_length;
  for (int i = 0; i < new_length; ++i) {
    Cover& cover = all[static_cast<std::size_t>(i)];
    const double begin = i * step;
    const double end = std::min((i + 1) * step, static_cast<double>(old_length));
    cover.first = static_cast<int>(begin);
    for (int k = cover.first; k < end; ++k) {
      const double shared = std::min(end, k + 1.0) - std::max(begin, static_cast<double>(k));
      cover.weights.push_back(static_cast<float>(shared / step));
    }
  }
  return all;
}

// The loop over a whole row is left simple for the compiler to vectorise.
void add_row(const uchar* row, float weight, std::vector<float>& sum) {
  const std::size_t count = sum.size();
  float* out = sum.data();
  for (std::size_t k = 0; k < count; ++k) out[k] += weight * static_cast<float>(row[k]);
}

}  // namespace

cv::Mat reduce_by_area(const cv::Mat& image, cv::Size size) {
  const std::vector<Cover> columns = covers(image.cols, size.width);
  const std::vector<Cover> rows = covers(image.rows, size.height);
  cv::Mat reduced(size, CV_8UC3);
  std::vector<float> sum(static_cast<std::size_t>(image.cols) * 3);
  for (int y = 0; y < size.height; ++y) {
    // Rows first: the expensive direction runs along memory.
    const Cover& cover = rows[static_cast<std::size_t>(y)];
    std::fill(sum.begin(), sum.end(), 0.0F);
    for (std::size_t k = 0; k < cover.weights.size(); ++k) {
      add_row(image.ptr(cover.first + static_cast<int>(k)), cover.weights[k], sum);
    }
    uchar* out = reduced.ptr(y);
    for (const Cover& column : columns) {
      const float* in = sum.data() + static_cast<std::size_t>(column.first) * 3;
      float r = 0.5F, g = 0.5F, b = 0.5F;  // rounds to nearest below
      for (const float weight : column.weights) {
        r += weight * in[0];
        g += weight * in[1];
        b += weight * in[2];
        in += 3;
      }
      *out++ = static_cast<uchar>(r);
      *out++ = static_cast<uchar>(g);
      *out++ = static_cast<uchar>(b);
    }
  }
  return reduced;
}

}  // namespace actrec
