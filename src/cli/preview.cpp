#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <opencv2/imgproc.hpp>

#include "cli/common.h"
#include "cli/verbs.h"
#include "core/atomic_file.h"
#include "data/clip_pipeline.h"
#include "data/clip_time_limit.h"
#include "report/contact_sheet.h"

namespace actrec {
namespace {

constexpr int kLargestFrame = 128;  // pixels, in the picture

struct PreviewArguments {
  RunArguments run;
  std::string output;
  int classes = 8, clips = 2, draws = 3;
};

// The frames of a clip as rows of pictures: what the network gets in evaluation, and some draws of what it
// gets in training.
class Sheet {
 public:
  Sheet(const Settings& settings, int draws)
      : draws_(draws),
        timeout_seconds_(settings.data.timeout_seconds),
        network_(make_pipeline(settings, CacheUse::read)) {
    network_->require_fixed_length();
    if (settings.clip.motion == MotionInput::none) return;
    Settings colours = settings;
    colours.clip.motion = MotionInput::none;
    colours_ = make_pipeline(colours, CacheUse::read);
  }

  void add_heading(const std::string& text) { rows_.push_back({text, {}}); }

  void add(const ClipRef& clip) {
    add_rows(clip, "evaluation", [](ClipPipeline& pipeline, const ClipRef& of, std::uint8_t* pixels) {
      pipeline.load(of, pixels);
    });
    for (int draw = 0; draw < draws_; ++draw) {
      const std::string view = fmt::format("training, draw {}", draw + 1);
      add_rows(clip, view, [draw](ClipPipeline& pipeline, const ClipRef& of, std::uint8_t* pixels) {
        pipeline.load_augmented(of, draw, pixels);
      });
    }
  }

  std::string png() const {
    return contact_sheet(rows_, std::min(kLargestFrame, network_->settings().size.height));
  }

 private:
  // Writes the clip's pixels (ClipPipeline).
  using Load = std::function<void(ClipPipeline& pipeline, const ClipRef& clip, std::uint8_t* pixels)>;

  void add_rows(const ClipRef& clip, const std::string& view, const Load& load) {
    const std::string caption = clip.name + ", " + view;
    if (colours_) rows_.push_back({caption + ", colours", frames_of(colours_, clip, load)});
    rows_.push_back({colours_ ? caption + ", motion images" : caption, frames_of(network_, clip, load)});
  }

  std::vector<cv::Mat> frames_of(const std::shared_ptr<ClipPipeline>& pipeline, const ClipRef& clip,
                                 const Load& load) const {
    const auto pixels =
        std::make_shared<std::vector<std::uint8_t>>(static_cast<std::size_t>(pipeline->bytes_per_clip()));
    read_within(timeout_seconds_, clip, [=] { load(*pipeline, clip, pixels->data()); });
    const FrameSize size = pipeline->settings().size;
    std::vector<cv::Mat> frames;
    for (int i = 0; i < pipeline->settings().frames; ++i) {
      const cv::Mat rgb(size.height, size.width, CV_8UC3, pixels->data() + i * pipeline->bytes_per_frame());
      cv::cvtColor(rgb, frames.emplace_back(), cv::COLOR_RGB2BGR);
    }
    return frames;
  }

  int draws_;
  double timeout_seconds_;
  std::shared_ptr<ClipPipeline> network_, colours_;  // colours_: null where the network sees them itself
  std::vector<SheetRow> rows_;
};

ExitCode preview_verb(const PreviewArguments& arguments) {
  Settings settings = settings_of(arguments.run);
  const DataSplits splits = load_splits(settings);
  warn_about_flips(settings, splits.classes);
  choose_cache(settings, splits);
  Sheet sheet(settings, arguments.draws);
  const std::size_t shown = std::min(splits.classes.size(), static_cast<std::size_t>(arguments.classes));
  for (std::size_t k = 0; k < shown; ++k) {
    sheet.add_heading(splits.classes[k]);
    int left = arguments.clips;
    for (const ClipRef& clip : splits.train) {
      if (clip.label != static_cast<int>(k) || left == 0) continue;
      sheet.add(clip);
      --left;
    }
  }
  write_file_atomically(arguments.output, sheet.png());
  fmt::print("{}: {} of {} classes\n", arguments.output, shown, splits.classes.size());
  return ExitCode::ok;
}

}  // namespace

Action declare_preview(CLI::App& app) {
  auto arguments = std::make_shared<PreviewArguments>();
  add_run_arguments(app, arguments->run);
  app.add_option("-o,--output", arguments->output, "picture to write")->required()->type_name("OUT.png");
  app.add_option("--classes", arguments->classes, "how many classes to show (8)")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  app.add_option("--clips", arguments->clips, "training clips of each class (2)")
      ->type_name("N")
      ->check(CLI::Range(1, 100));
  app.add_option("--draws", arguments->draws, "augmented draws of each clip (3)")
      ->type_name("N")
      ->check(CLI::Range(0, 100));
  return [=] { return preview_verb(*arguments); };
}

}  // namespace actrec
