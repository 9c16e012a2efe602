// Rates of decoding, of the frame cache and of batch assembly in frames/s (items_per_second), on one thread,
// beside the bare rates of the OpenCV calls that they cannot do without.
//
//     build/release/bench_data [--benchmark_filter=...] [--benchmark_repetitions=...]
//
// Uses the recordings in ../shared/data/ut-interaction-set1; says so where they are missing.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "config/settings.h"
#include "data/clip_pipeline.h"
#include "data/frame_codec.h"
#include "data/loader.h"
#include "data/video_reader.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

constexpr int kClips = 12;
constexpr const char* kMissing = "../shared/data/ut-interaction-set1 is not here";

const std::vector<ClipRef>& clips() {
  static const std::vector<ClipRef> all = [] {
    std::vector<ClipRef> found;
    const fs::path root = fs::path(ACTREC_SOURCE_DIR) / "../shared/data/ut-interaction-set1/clips";
    if (!fs::exists(root)) return found;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      if (!has_video_extension(entry.path())) continue;
      ClipRef clip;
      clip.path = entry.path();
      clip.name = entry.path().filename().string();
      clip.label = 0;
      found.push_back(clip);
    }
    std::sort(found.begin(), found.end(), [](const ClipRef& a, const ClipRef& b) { return a.name < b.name; });
    found.resize(std::min<std::size_t>(found.size(), kClips));
    return found;
  }();
  return all;
}

Settings settings_with(CacheMode cache) {
  static const TemporaryDirectory directory;
  Settings settings;
  settings.data.cache = cache;
  settings.data.cache_dir = directory / "cache";
  return settings;
}

// The frames that a warp of the first clip starts from.
const std::vector<cv::Mat>& frames() {
  static const std::vector<cv::Mat> all = [] {
    std::vector<cv::Mat> some;
    FrameDecoder(working_size(ClipSettings())).decode_all(clips().front(), [&](const cv::Mat& frame) {
      some.push_back(frame.clone());
    });
    return some;
  }();
  return all;
}

// Warps as augmentation draws them, one for all frames of a clip, without all else that loading does.
class Warps {
 public:
  Warps() {
    for (std::uint32_t i = 0; i < 64; ++i) {
      KeyedRandom random(settings_.train.seed, Purpose::augment, i, 0);
      matrices_.push_back(warp_matrix(frames().front().size(), settings_.clip.size, settings_.clip.resize,
                                      draw_augmentation(settings_.augment, random)));
    }
  }
  void next(const cv::Mat& frame, cv::Mat& output) {
    const cv::Matx23d& matrix = matrices_[calls_++ / frames_of_clip_ % matrices_.size()];
    cv::warpAffine(frame, output, matrix, output.size(), cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                   cv::BORDER_REFLECT);
  }

 private:
  const Settings settings_;
  const std::size_t frames_of_clip_ = static_cast<std::size_t>(settings_.clip.frames);
  std::vector<cv::Matx23d> matrices_;
  std::size_t calls_ = 0;
};

void decode(benchmark::State& state) {
  if (clips().empty()) return state.SkipWithError(kMissing);
  std::int64_t count = 0;
  for (auto _ : state) {
    FrameDecoder decoder(working_size(ClipSettings()));
    for (const ClipRef& clip : clips()) decoder.decode_all(clip, [&](const cv::Mat&) { ++count; });
  }
  state.SetItemsProcessed(count);
}
BENCHMARK(decode)->Unit(benchmark::kMillisecond);

void bare_warp(benchmark::State& state) {
  if (clips().empty()) return state.SkipWithError(kMissing);
  cv::Mat output(112, 112, CV_8UC3);
  Warps warps;
  std::size_t i = 0;
  for (auto _ : state) warps.next(frames()[i++ % frames().size()], output);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(bare_warp);

void bare_imdecode_and_warp(benchmark::State& state) {
  if (clips().empty()) return state.SkipWithError(kMissing);
  std::vector<std::vector<std::uint8_t>> images;
  for (const cv::Mat& frame : frames()) {
    images.emplace_back();
    encode_frame(frame, {FrameEncoding::jpeg, 95}, images.back());
  }
  cv::Mat decoded, output(112, 112, CV_8UC3);
  Warps warps;
  std::size_t i = 0;
  for (auto _ : state) {
    cv::imdecode(images[i++ % images.size()], cv::IMREAD_COLOR, &decoded);
    warps.next(decoded, output);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(bare_imdecode_and_warp);

// From the cache to augmented pixels.
void load(benchmark::State& state, CacheMode cache) {
  if (clips().empty()) return state.SkipWithError(kMissing);
  Settings settings = settings_with(cache);
  settings.augment.color_jitter = {0, 0, 0, 0};
  const auto pipeline = make_pipeline(settings, CacheUse::fill);
  for (const ClipRef& clip : clips()) pipeline->prepare(clip);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(pipeline->bytes_per_clip()));
  int i = 0;
  for (auto _ : state) {
    pipeline->load_augmented(clips()[static_cast<std::size_t>(i) % clips().size()], i, pixels.data());
    ++i;
  }
  state.SetItemsProcessed(state.iterations() * settings.clip.frames);
}
BENCHMARK_CAPTURE(load, raw, CacheMode::raw);
BENCHMARK_CAPTURE(load, jpeg, CacheMode::jpeg);

// The same through the loader, in the calling thread.
void assemble_batches(benchmark::State& state) {
  if (clips().empty()) return state.SkipWithError(kMissing);
  Settings settings = settings_with(CacheMode::raw);
  LoaderOptions options;
  options.batch_size = 4;
  Loader loader(make_pipeline(settings, CacheUse::fill), options);
  std::int64_t count = 0;
  int epoch = 0;
  for (auto _ : state) {
    loader.start_training(clips(), 1, epoch++);
    for (Batch batch = loader.next(); batch.clips.defined(); batch = loader.next())
      count += batch.clips.size(0) * batch.clips.size(1);
  }
  state.SetItemsProcessed(count);
}
BENCHMARK(assemble_batches);

}  // namespace
}  // namespace actrec

int main(int argc, char** argv) {
  actrec::configure_video_libraries();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
