#include "demo/demo.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <mutex>
#include <opencv2/core/utility.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/videoio.hpp>
#include <set>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/text.h"
#include "core/worker_pool.h"
#include "demo/actions.h"
#include "demo/clip.h"
#include "demo/plan.h"
#include "demo/scene.h"

namespace actrec {
namespace fs = std::filesystem;
namespace {

constexpr double kFramesPerSecond = 25;
constexpr const char* kListName = "clips.csv";
constexpr const char* kProbeName = "clips/.probe.mp4";  // what codecs are tried on

struct Codec {
  const char* name;
  int fourcc;
};

// One thread a clip is all the parallelism wanted, and an encoder that is missing is no news.
class QuietOpenCv {
 public:
  QuietOpenCv()
      : threads_(cv::getNumThreads()),
        level_(cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT)) {
    cv::setNumThreads(1);
  }
  ~QuietOpenCv() {
    cv::setNumThreads(threads_);
    cv::utils::logging::setLogLevel(level_);
  }
  QuietOpenCv(const QuietOpenCv&) = delete;
  QuietOpenCv& operator=(const QuietOpenCv&) = delete;

 private:
  int threads_;
  cv::utils::logging::LogLevel level_;
};

// Whether every file below `directory` is a clip of this set or the probe: what an interrupted run leaves.
bool holds_only(const fs::path& directory, const std::vector<PlannedClip>& clips) {
  std::set<fs::path> expected{directory / kProbeName};
  for (const PlannedClip& clip : clips) expected.insert(directory / clip.path);
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_symlink() || (!entry.is_directory() && expected.count(entry.path()) == 0)) return false;
  }
  return true;
}

// Nothing that someone else put there is ever written over.
void check_directory(const fs::path& directory, const std::vector<PlannedClip>& clips) {
  try {
    if (!fs::exists(directory)) return;
    if (!fs::is_directory(directory)) throw Error(fmt::format("{} is not a directory", directory.string()));
    const fs::path list = directory / kListName;
    const bool ours = fs::is_regular_file(list)
                          ? fs::is_directory(directory / "clips") && read_file(list) == list_text(clips)
                          : holds_only(directory, clips);
    if (!ours) {
      throw Error(fmt::format("{} is not empty and holds no demo set of this size", directory.string()),
                  "choose an empty or new directory, or delete this one");
    }
  } catch (const fs::filesystem_error& failure) {
    throw Error(fmt::format("cannot read {}: {}", directory.string(), failure.code().message()),
                "choose another directory");
  }
}

void write_clip(const fs::path& path, const std::vector<cv::Mat>& frames, const Codec& codec) {
  bool complete = false;
  {
    cv::VideoWriter writer(path.string(), cv::CAP_FFMPEG, codec.fourcc, kFramesPerSecond, frames[0].size());
    if (writer.isOpened()) {
      for (const cv::Mat& frame : frames) writer.write(frame);
      complete = true;
    }
  }
  // The writer reports nothing, so a full disk shows only when the file is read back.
  if (complete) {
    cv::VideoCapture reader(path.string(), cv::CAP_FFMPEG);
    std::size_t count = 0;
    while (count <= frames.size() && reader.grab()) ++count;
    complete = count == frames.size();
  }
  if (!complete) {
    throw Error(fmt::format("cannot write the video {} as {}", path.string(), codec.name),
                "check the free disk space and the directory's permissions");
  }
}

Codec choose_codec(const fs::path& directory) {
  // MPEG-4 first: FFmpeg has its own encoder for it, which gives the same bytes every time. x264 decides
  // differently from run to run when several encoders have lived in one process, and OpenCV gives no
  // way to set its threads.
  const Codec codecs[] = {{"MPEG-4", cv::VideoWriter::fourcc('m', 'p', '4', 'v')},
                          {"H.264", cv::VideoWriter::fourcc('a', 'v', 'c', '1')}};
  const fs::path probe = directory / kProbeName;
  const std::vector<cv::Mat> frames(2, cv::Mat::zeros(kFrameHeight, kFrameWidth, CV_8UC3));
  for (const Codec& codec : codecs) {
    bool works = true;
    try {
      write_clip(probe, frames, codec);
    } catch (const Error&) {
      works = false;
    }
    std::error_code ignored;
    fs::remove(probe, ignored);
    if (works) return codec;
    spdlog::info("OpenCV's FFmpeg cannot encode {}", codec.name);
  }
  throw Error(fmt::format("cannot write videos to {}: OpenCV encodes neither H.264 nor MPEG-4 there",
                          directory.string()),
              "check the free disk space");
}

}  // namespace

DemoSummary render_demo(const fs::path& directory, const DemoOptions& options,
                        const std::function<void(int done, int total)>& progress) {
  if (options.performers < 3) {
    throw ConfigError(
        fmt::format("a demo set of {} performers cannot be split three ways", options.performers),
        "use 3 performers or more");
  }
  if (options.threads < 1) throw ConfigError(fmt::format("threads: {} is less than 1", options.threads));

  const std::vector<PlannedClip> clips = plan_clips(options.performers);
  check_directory(directory, clips);
  create_writable_directory(directory);
  for (const Action& action : kActions) create_writable_directory(directory / "clips" / action.name);
  DemoSummary summary;
  summary.list = directory / kListName;
  // An old list must not describe a half-renewed set.
  std::error_code failure;
  fs::remove(summary.list, failure);
  if (failure) {
    throw Error(fmt::format("cannot remove {}: {}", summary.list.string(), failure.message()),
                "check the directory's permissions");
  }

  const QuietOpenCv quiet;
  const Codec codec = choose_codec(directory);
  std::mutex mutex;
  int done = 0;
  parallel_for(options.threads, clips.size(), [&](std::size_t i) {
    const PlannedClip& clip = clips[i];
    write_clip(directory / clip.path, render_clip(options.seed, clip.performer, clip.action), codec);
    const std::lock_guard lock(mutex);
    ++done;
    if (progress) progress(done, static_cast<int>(clips.size()));
  });
  write_file_atomically(summary.list, list_text(clips));

  summary.clips = static_cast<int>(clips.size());
  for (const Action& action : kActions) summary.classes.emplace_back(action.name);
  std::sort(summary.classes.begin(), summary.classes.end());
  for (const PlannedClip& clip : clips) {
    const std::string split = clip.split;
    ++(split == "train" ? summary.train_clips : split == "val" ? summary.val_clips : summary.test_clips);
  }
  summary.codec = codec.name;
  return summary;
}

}  // namespace actrec
