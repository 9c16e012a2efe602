#include "data/frame_folder.h"

#include <algorithm>
#include <array>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "core/error.h"
#include "core/text.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_numbered_image(const fs::path& path) {
  static constexpr std::array kExtensions{".jpg", ".jpeg", ".png", ".bmp", ".webp"};
  const std::string stem = path.stem().string();
  // Files beginning with a dot are other programs' (macOS puts a ._0001.jpg beside 0001.jpg).
  return !stem.empty() && stem.front() != '.' && std::any_of(stem.begin(), stem.end(), is_digit) &&
         std::find(kExtensions.begin(), kExtensions.end(), to_lower(path.extension().string())) !=
             kExtensions.end();
}

// Runs of digits compare by value, all else bytewise.
bool natural_less(const std::string& a, const std::string& b) {
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (!is_digit(a[i]) || !is_digit(b[j])) {
      if (a[i] != b[j]) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]);
      ++i, ++j;
      continue;
    }
    while (i < a.size() && a[i] == '0') ++i;
    while (j < b.size() && b[j] == '0') ++j;
    std::size_t end_i = i, end_j = j;
    while (end_i < a.size() && is_digit(a[end_i])) ++end_i;
    while (end_j < b.size() && is_digit(b[end_j])) ++end_j;
    if (end_i - i != end_j - j) return end_i - i < end_j - j;
    const int order = a.compare(i, end_i - i, b, j, end_j - j);
    if (order != 0) return order < 0;
    i = end_i, j = end_j;
  }
  if (i < a.size() || j < b.size()) return j < b.size();
  return a < b;  // 1.jpg and 01.jpg: any fixed order
}

// Whether a JPEG or PNG file lacks its end mark. JPEG decoders fill up a file that ends early with grey and
// call it a success; libpng writes to stderr.
bool ends_early(const std::string& bytes) {
  const bool jpeg = bytes.compare(0, 2, "\xff\xd8") == 0;
  const bool png = bytes.compare(0, 4, "\x89PNG") == 0;
  if (!jpeg && !png) return false;
  constexpr std::size_t kTail = 4096;  // some programs add a little after the end
  const std::size_t from = bytes.size() > kTail ? bytes.size() - kTail : 2;
  return bytes.find(jpeg ? "\xff\xd9" : "IEND", from) == std::string::npos;
}

cv::Mat read_image(const fs::path& path) {
  const std::string bytes = read_file(path);
  cv::Mat image;
  if (!bytes.empty() && !ends_early(bytes)) {
    const cv::Mat data(1, static_cast<int>(bytes.size()), CV_8U, const_cast<char*>(bytes.data()));
    try {
      image = cv::imdecode(data, cv::IMREAD_COLOR);
    } catch (const cv::Exception&) {
      // Reported below like any other broken image.
    }
  }
  if (image.empty()) {
    throw DataError(path.string() + (bytes.empty() ? " is empty" : " is a broken or incomplete image"),
                    "copy or extract this frame again");
  }
  cv::cvtColor(image, image, cv::COLOR_BGR2RGB);
  return image;
}

class FrameFolder : public VideoReader {
 public:
  explicit FrameFolder(const fs::path& directory) : frames_(numbered_frames(directory)) {
    if (frames_.empty()) {
      throw DataError(directory.string() + " is a directory without numbered frames",
                      "give a video file, or a directory with images such as 0001.jpg, 0002.jpg");
    }
    header_.claimed_frames = static_cast<std::int64_t>(frames_.size());
    header_.codec = "images";
  }

  const VideoHeader& header() const override { return header_; }
  bool grab() override {
    if (next_ == frames_.size()) return false;
    ++next_;
    return true;
  }
  cv::Mat retrieve() override {
    if (loaded_ != next_) image_ = read_image(frames_[next_ - 1]);
    loaded_ = next_;
    return image_;
  }
  double time_seconds() const override {
    return next_ == 0 ? 0 : static_cast<double>(next_ - 1) / kFallbackFramesPerSecond;
  }

 private:
  std::vector<fs::path> frames_;
  VideoHeader header_;
  cv::Mat image_;
  std::size_t next_ = 0;    // frames grabbed so far
  std::size_t loaded_ = 0;  // image_ is frames_[loaded_ - 1]; 0: none yet
};

}  // namespace

std::vector<fs::path> numbered_frames(const fs::path& directory) {
  std::vector<fs::path> frames;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code unreachable;
    if (is_numbered_image(entry->path()) && entry->is_regular_file(unreachable))
      frames.push_back(entry->path());
  }
  if (error) throw DataError(directory.string() + " cannot be listed: " + error.message());
  std::sort(frames.begin(), frames.end(), [](const fs::path& a, const fs::path& b) {
    return natural_less(a.filename().string(), b.filename().string());
  });
  return frames;
}

std::unique_ptr<VideoReader> open_frame_folder(const fs::path& directory) {
  return std::make_unique<FrameFolder>(directory);
}

}  // namespace actrec
