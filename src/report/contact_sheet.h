#pragma once

#include <opencv2/core.hpp>
#include <string>
#include <vector>

namespace actrec {

// A line of a contact sheet: what it shows, and frames in order of time, uint8 BGR. A row without frames is a
// heading.
struct SheetRow {
  std::string caption;
  std::vector<cv::Mat> frames;
};

// Rows of frames under their captions, as a PNG file. Frames are scaled to `height` pixels; a long caption is
// cut off at the right.
std::string contact_sheet(const std::vector<SheetRow>& rows, int height);

// JPEG or PNG files as images for a row.
std::vector<cv::Mat> decode_images(const std::vector<std::string>& files);

}  // namespace actrec
