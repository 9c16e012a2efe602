#include "data/thumbnails.h"

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "data/clip_pipeline.h"
#include "data/sampler.h"

namespace actrec {
namespace {

constexpr int kQuality = 82;  // of JPEG

std::string jpeg(const cv::Mat& rgb, int height) {
  cv::Mat image = rgb;
  if (rgb.rows > height) {
    const int width = std::max(1, rgb.cols * height / rgb.rows);
    cv::resize(rgb, image, {width, height}, 0, 0, cv::INTER_AREA);
  }
  cv::Mat bgr;
  cv::cvtColor(image, bgr, cv::COLOR_RGB2BGR);
  std::vector<std::uint8_t> bytes;
  cv::imencode(".jpg", bgr, bytes, {cv::IMWRITE_JPEG_QUALITY, kQuality});
  return {bytes.begin(), bytes.end()};
}

}  // namespace

Thumbnails::Thumbnails(const Settings& settings, int frames, int height)
    : height_(height), frames_(make_frame_source(settings, CacheUse::read)) {
  clip_.frames = frames;
  clip_.sampling = Sampling::segment;
}

std::vector<std::string> Thumbnails::of(const ClipRef& clip) const {
  const auto choose = [&](std::int64_t frame_count) {
    return sample_frames(frame_count, clip_, nullptr, clip.name);
  };
  std::vector<std::string> images;
  frames_->read(clip, choose,
                [&](std::size_t, const cv::Mat& frame) { images.push_back(jpeg(frame, height_)); });
  return images;
}

}  // namespace actrec
