#include "report/contact_sheet.h"

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "report/image_text.h"

namespace actrec {
namespace {

constexpr int kMargin = 16, kGap = 2, kRowGap = 10, kCaption = 14, kHeading = 20, kLeastWidth = 480;
const cv::Scalar kWhite(255, 255, 255), kInk(33, 30, 28), kMuted(110, 103, 98);  // BGR

cv::Mat scaled(const cv::Mat& frame, int height) {
  cv::Mat result;
  const cv::Size size(std::max(1, frame.cols * height / frame.rows), height);
  // Enlarged pixels stay pixels: this is what the network gets.
  cv::resize(frame, result, size, 0, 0, frame.rows > height ? cv::INTER_AREA : cv::INTER_NEAREST);
  return result;
}

// A row's picture: the caption above the frames.
cv::Mat picture_of(const SheetRow& row, int height) {
  const bool heading = row.frames.empty();
  const cv::Mat caption =
      text_image(row.caption, heading ? kHeading : kCaption, heading ? kInk : kMuted, kWhite);
  if (heading) return caption;
  std::vector<cv::Mat> frames;
  int width = -kGap;
  for (const cv::Mat& frame : row.frames) {
    frames.push_back(scaled(frame, height));
    width += frames.back().cols + kGap;
  }
  cv::Mat picture(caption.rows + 3 + height, std::max(width, caption.cols), CV_8UC3, kWhite);
  caption.copyTo(picture({0, 0, caption.cols, caption.rows}));
  int x = 0;
  for (const cv::Mat& frame : frames) {
    frame.copyTo(picture({x, caption.rows + 3, frame.cols, height}));
    x += frame.cols + kGap;
  }
  return picture;
}

}  // namespace

std::string contact_sheet(const std::vector<SheetRow>& rows, int height) {
  std::vector<cv::Mat> pictures;
  int width = kLeastWidth, total = kMargin;
  for (const SheetRow& row : rows) {
    const cv::Mat picture = picture_of(row, height);
    pictures.push_back(picture);
    int frames = -kGap;
    for (const cv::Mat& frame : row.frames) frames += std::max(1, frame.cols * height / frame.rows) + kGap;
    width = std::max(width, frames);
    total += picture.rows + kRowGap + (row.frames.empty() ? kRowGap : 0);
  }
  cv::Mat sheet(total + kMargin - kRowGap, width + 2 * kMargin, CV_8UC3, kWhite);
  int y = kMargin;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].frames.empty()) y += kRowGap;
    const cv::Mat& picture = pictures[i];
    const int shown = std::min(picture.cols, width);
    picture({0, 0, shown, picture.rows}).copyTo(sheet({kMargin, y, shown, picture.rows}));
    y += picture.rows + kRowGap;
  }
  std::vector<std::uint8_t> png;
  cv::imencode(".png", sheet, png);
  return {png.begin(), png.end()};
}

std::vector<cv::Mat> decode_images(const std::vector<std::string>& files) {
  std::vector<cv::Mat> images;
  for (const std::string& file : files)
    images.push_back(cv::imdecode(std::vector<std::uint8_t>(file.begin(), file.end()), cv::IMREAD_COLOR));
  return images;
}

}  // namespace actrec
