#include "data/live_video.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <system_error>
#include <thread>

#include "core/clock.h"
#include "core/error.h"
#include "core/stop_signal.h"
#include "data/csv.h"
#include "data/video_file.h"

namespace actrec {
namespace {

constexpr const char* kCamera = "camera:";
constexpr int kPollMilliseconds = 50;

bool starts_with(const std::string& text, const std::string& start) {
  return text.compare(0, start.size(), start) == 0;
}

bool is_url(const std::string& name) {
  static constexpr std::array kSchemes{"rtsp://", "rtsps://", "http://", "https://",
                                       "rtmp://", "tcp://",   "udp://"};
  return std::any_of(kSchemes.begin(), kSchemes.end(),
                     [&](const char* scheme) { return starts_with(name, scheme); });
}

class Descriptor : public ByteSource {
 public:
  // `idle_seconds`: how long to wait for more at the end of a file; 0 where the end is the end.
  Descriptor(int descriptor, bool owned, double idle_seconds)
      : descriptor_(descriptor), owned_(owned), idle_seconds_(idle_seconds) {}
  ~Descriptor() override {
    if (owned_) ::close(descriptor_);
  }

  std::ptrdiff_t read(std::uint8_t* bytes, std::size_t size) override {
    const auto start = Clock::now();
    while (!stop_requested()) {
      // Reading itself could wait for ever.
      pollfd ready{descriptor_, POLLIN, 0};
      if (::poll(&ready, 1, kPollMilliseconds) == 0) continue;
      const ssize_t count = ::read(descriptor_, bytes, size);
      if (count > 0) return count;
      if (count < 0 && errno != EINTR && errno != EAGAIN) return -1;
      if (count == 0 && seconds_since(start) >= idle_seconds_) return 0;
      if (count == 0) std::this_thread::sleep_for(std::chrono::milliseconds(kPollMilliseconds));
    }
    return 0;
  }

 private:
  int descriptor_;
  bool owned_;
  double idle_seconds_;
};

class Camera : public VideoReader {
 public:
  Camera(const std::string& name, int number) : name_(name) {
    if (!capture_.open(number) || !capture_.isOpened()) {
      throw DataError(
          fmt::format("{} cannot be opened", name),
          "check that the camera is connected and no other program uses it; camera:0 is the first");
    }
    header_.frames_per_second = capture_.get(cv::CAP_PROP_FPS);
  }

  const VideoHeader& header() const override { return header_; }
  bool grab() override {
    if (stop_requested()) throw Interrupted();
    if (!capture_.grab()) return false;
    if (!started_) start_ = Clock::now();
    started_ = true;
    time_ = seconds_since(start_);
    return true;
  }
  cv::Mat retrieve() override {
    if (!capture_.retrieve(image_)) throw DataError(name_ + " gave a frame that cannot be decoded");
    cv::cvtColor(image_, image_, cv::COLOR_BGR2RGB);
    return image_;
  }
  double time_seconds() const override { return time_; }

 private:
  std::string name_;
  cv::VideoCapture capture_;
  VideoHeader header_;
  cv::Mat image_;
  bool started_ = false;
  Clock::time_point start_;
  double time_ = 0;
};

std::unique_ptr<VideoReader> open_camera(const std::string& name) {
  const std::optional<double> number = parse_number(name.substr(std::string(kCamera).size()));
  if (!number || *number < 0 || *number > 1000 || *number != static_cast<int>(*number))
    throw DataError(name + " is no camera", "camera:0 is the first, camera:1 the second");
  return std::make_unique<Camera>(name, static_cast<int>(*number));
}

}  // namespace

bool is_live(const std::string& name) { return starts_with(name, kCamera) || is_url(name); }

std::unique_ptr<VideoReader> open_live_video(const std::string& name, double idle_seconds) {
  if (starts_with(name, kCamera)) return open_camera(name);
  if (is_url(name)) return open_video_stream(name, nullptr);
  if (name == "-")
    return open_video_stream("standard input", std::make_unique<Descriptor>(STDIN_FILENO, false, 0));
  const int descriptor = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    throw DataError(fmt::format("{} cannot be opened: {}", name, std::generic_category().message(errno)),
                    "check the path");
  return open_video_stream(name, std::make_unique<Descriptor>(descriptor, true, idle_seconds));
}

}  // namespace actrec
