#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "cli/annotate.h"
#include "cli/common.h"
#include "cli/predict_stream.h"
#include "cli/prediction_file.h"
#include "cli/verbs.h"
#include "core/atomic_file.h"
#include "core/clock.h"
#include "core/text.h"
#include "data/input_list.h"
#include "engine/explain.h"
#include "engine/predictor.h"
#include "engine/timeline_predictor.h"
#include "report/explanation_sheet.h"
#include "report/prediction_printer.h"
#include "report/progress.h"

namespace actrec {
namespace {

struct PredictArguments {
  std::string checkpoint;
  InferenceOptions inference;
  std::vector<std::string> inputs;
  int top_k = 5;
  bool json = false, csv = false, srt = false, timeline = false;
  TimelineOptions windows;
  std::string output, annotate, explain;
  bool stream = false, live = false;
  double idle_seconds = 0;  // 0: not given

  bool wants_timeline() const { return timeline || !annotate.empty(); }
  CsvRows rows() const { return wants_timeline() ? CsvRows::segments : CsvRows::guesses; }
  PredictionFormat format() const {
    return json  ? PredictionFormat::json
           : csv ? PredictionFormat::csv
           : srt ? PredictionFormat::srt
                 : PredictionFormat::text;
  }
};

bool has_extension(const std::string& path, std::string_view extension) {
  return to_lower(std::filesystem::path(path).extension().string()) == extension;
}

void check_stream(const PredictArguments& arguments) {
  const TimelineOptions& windows = arguments.windows;
  const bool other = arguments.wants_timeline() || arguments.csv || arguments.srt ||
                     !arguments.output.empty() || arguments.inference.clips > 0 ||
                     arguments.inference.views > 0 || windows.stride_seconds > 0 ||
                     windows.smooth_seconds > 0 || windows.min_duration_seconds > 0 || windows.threshold > 0;
  if (other) {
    throw ConfigError(
        "--stream prints lines of JSON, and goes with --window, --sampling, --top-k, --live, --idle and "
        "--device only",
        "leave out the other options, or use --timeline on the recorded video");
  }
  if (arguments.inputs.size() != 1)
    throw ConfigError(fmt::format("--stream takes one input, not {}", arguments.inputs.size()),
                      "start one for each");
}

// Throws ConfigError where options contradict each other.
void check(const PredictArguments& arguments) {
  const auto refuse = [](bool wrong, const char* what, const char* hint) {
    if (wrong) throw ConfigError(what, hint);
  };
  refuse(!arguments.stream && (arguments.live || arguments.idle_seconds > 0),
         "--live and --idle are of a stream", "add --stream");
  refuse(!arguments.explain.empty() && (arguments.stream || arguments.wants_timeline()),
         "--explain shows why a clip is taken for what it is",
         "leave out --timeline, --annotate and --stream");
  refuse(!arguments.explain.empty() && !has_extension(arguments.explain, ".png"), "--explain writes PNG",
         "give a name that ends in .png");
  if (arguments.stream) return check_stream(arguments);
  const TimelineOptions& windows = arguments.windows;
  const bool has_windows = windows.window_seconds > 0 || windows.stride_seconds > 0 ||
                           windows.smooth_seconds > 0 || windows.min_duration_seconds > 0 ||
                           windows.threshold > 0;
  const bool csv_file = has_extension(arguments.output, ".csv");
  refuse(arguments.json + arguments.csv + arguments.srt > 1, "--json, --csv and --srt exclude each other",
         "give one of them");
  refuse(has_windows && !arguments.wants_timeline(),
         "--window, --stride, --smooth, --min-duration and --threshold are of a timeline", "add --timeline");
  refuse(arguments.srt && !arguments.wants_timeline(), "--srt writes a timeline as subtitles",
         "add --timeline");
  refuse(arguments.srt && !arguments.output.empty(), "--output adds to JSON lines or CSV, not to subtitles",
         "use --srt > FILE");
  refuse(arguments.csv && !arguments.output.empty() && !csv_file, "--csv, but --output does not end in .csv",
         "--output FILE.csv writes CSV, any other name JSON lines");
  refuse(arguments.json && csv_file, "--json, but --output ends in .csv",
         "--output FILE.csv writes CSV, any other name JSON lines");
  refuse(!arguments.annotate.empty() && !has_extension(arguments.annotate, ".mp4"), "--annotate writes MP4",
         "give a name that ends in .mp4");
}

void check_single(const PredictArguments& arguments, const std::vector<InputClip>& inputs) {
  if (inputs.size() == 1) return;
  const char* option = arguments.srt                 ? "--srt"
                       : !arguments.annotate.empty() ? "--annotate"
                       : !arguments.explain.empty()  ? "--explain"
                                                     : nullptr;
  if (option != nullptr)
    throw ConfigError(fmt::format("{} takes one video, not {}", option, inputs.size()),
                      "give them one by one");
}

std::vector<InputClip> expand_inputs(const std::vector<std::string>& names) {
  std::vector<InputClip> inputs;
  for (const std::string& name : names) {
    for (InputClip& input : expand_input(name)) inputs.push_back(std::move(input));
  }
  return inputs;
}

std::string summary_text(const PredictionSummary& summary) {
  const double seconds = std::max(summary.seconds, 1e-9);
  return fmt::format("{}{}: {} of video, {} in {}: {:.0f} frames/s, {:.1f} x real time",
                     format_count(summary.inputs, "input"),
                     summary.failed > 0 ? fmt::format(", {} failed", summary.failed) : "",
                     format_duration(summary.video_seconds), format_count(summary.frames, "frame"),
                     format_duration(summary.seconds), static_cast<double>(summary.frames) / seconds,
                     summary.video_seconds / seconds);
}

// Takes predictions as they come: prints or keeps them, and shows how far it has come.
class Results {
 public:
  Results(const PredictArguments& arguments, std::size_t inputs, PredictionFile* file)
      : inputs_(inputs), file_(file), start_(Clock::now()) {
    if (file_ == nullptr)
      printer_ = std::make_unique<PredictionPrinter>(arguments.format(), arguments.rows());
  }

  void add(const Prediction& prediction) {
    line_.clear();
    file_ != nullptr ? file_->append(prediction) : printer_->print(prediction);
    if (!prediction.error.empty()) fmt::print(stderr, "error: {}\n", prediction.error);
    failed_ += prediction.error.empty() ? 0 : 1;
    ++done_;
    if (done_ == inputs_) return;
    const double left =
        seconds_since(start_) / static_cast<double>(done_) * static_cast<double>(inputs_ - done_);
    line_.show(fmt::format("{}/{} inputs  {}{} left", done_, inputs_,
                           failed_ > 0 ? fmt::format("{} failed  ", failed_) : "", format_duration(left)));
  }

  void show_video(const char* what, double seconds, double total) {
    line_.show(fmt::format("{}/{} inputs  {} {}{}", done_, inputs_, what, clock_text(seconds),
                           total > 0 ? " of " + clock_text(total) : ""));
  }
  void clear() { line_.clear(); }

 private:
  std::size_t inputs_, done_ = 0, failed_ = 0;
  PredictionFile* file_;
  std::unique_ptr<PredictionPrinter> printer_;
  Clock::time_point start_;
  ProgressLine line_;
};

PredictionSummary run(const PredictArguments& arguments, const Checkpoint& checkpoint,
                      const std::vector<InputClip>& inputs, Results& results) {
  if (!arguments.wants_timeline()) {
    return predict(checkpoint, inputs, arguments.top_k,
                   [&](const Prediction& prediction) { results.add(prediction); });
  }
  return predict_timelines(
      checkpoint, inputs, arguments.top_k, arguments.windows,
      [&](const Prediction& prediction) {
        if (prediction.timeline && !arguments.annotate.empty()) {
          const double end = prediction.timeline->back().end_seconds;
          annotate_video(inputs.front().clip, *prediction.timeline, arguments.annotate,
                         [&](double seconds) { results.show_video("annotating", seconds, end); });
          results.clear();
          spdlog::info("annotated video: {}", arguments.annotate);
        }
        results.add(prediction);
      },
      [&](double seconds, double total) { results.show_video("at", seconds, total); });
}

void explain(const Checkpoint& checkpoint, const ClipRef& clip, const std::string& file) {
  cv::Mat sheet = explanation_sheet(explain_clip(checkpoint, clip));
  cv::cvtColor(sheet, sheet, cv::COLOR_RGB2BGR);
  std::vector<unsigned char> bytes;
  cv::imencode(".png", sheet, bytes);
  write_file_atomically(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  spdlog::info("explanation: {}", file);
}

ExitCode predict_verb(const PredictArguments& arguments) {
  check(arguments);
  Checkpoint checkpoint = load_checkpoint(arguments.checkpoint);
  apply(arguments.inference, checkpoint.info.settings);
  if (arguments.stream) {
    constexpr double kIdleSeconds = 10;
    return predict_stream_verb(checkpoint, arguments.inputs.front(),
                               arguments.idle_seconds > 0 ? arguments.idle_seconds : kIdleSeconds,
                               {arguments.live, arguments.windows.window_seconds, arguments.top_k});
  }
  std::vector<InputClip> inputs = expand_inputs(arguments.inputs);
  check_single(arguments, inputs);
  std::unique_ptr<PredictionFile> file;
  if (!arguments.output.empty()) {
    const std::vector<std::string>& classes = checkpoint.info.classes;
    const std::size_t guesses = std::min(classes.size(), static_cast<std::size_t>(arguments.top_k));
    file = std::make_unique<PredictionFile>(arguments.output, arguments.rows(), guesses, classes);
    const auto rest = std::remove_if(inputs.begin(), inputs.end(),
                                     [&](const InputClip& input) { return file->has(input.clip.name); });
    if (rest != inputs.end())
      spdlog::info("{}: {} there already", arguments.output, format_count(inputs.end() - rest, "input"));
    inputs.erase(rest, inputs.end());
  }
  Results results(arguments, inputs.size(), file.get());
  const PredictionSummary summary = run(arguments, checkpoint, inputs, results);
  results.clear();
  if (!arguments.explain.empty() && summary.inputs > summary.failed)
    explain(checkpoint, inputs.front().clip, arguments.explain);
  spdlog::info("{}", summary_text(summary));
  return summary.failed > 0 ? ExitCode::data : ExitCode::ok;
}

CLI::Option* add_seconds(CLI::App& app, const char* name, double& value, const char* help) {
  return app.add_option(name, value, help)->type_name("SECONDS");
}

void add_timeline_options(CLI::App& app, PredictArguments& arguments) {
  TimelineOptions& windows = arguments.windows;
  const CLI::Range above_zero(1e-3, 1e6), from_zero(0.0, 1e6);
  app.add_flag("--timeline", arguments.timeline,
               "say what happens when, in sliding windows: for long videos");
  add_seconds(app, "--window", windows.window_seconds,
              "length of a window; the default is as the clips trained on")
      ->check(above_zero);
  add_seconds(app, "--stride", windows.stride_seconds,
              "from window to window; the default is a quarter of one")
      ->check(above_zero);
  add_seconds(app, "--smooth", windows.smooth_seconds, "average windows over so long; the default is not to")
      ->check(from_zero);
  add_seconds(app, "--min-duration", windows.min_duration_seconds, "shorter segments go to their neighbours")
      ->check(from_zero);
  app.add_option("--threshold", windows.threshold, "a probability, below which the timeline says `unknown`")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--annotate", arguments.annotate,
                 "draw the timeline on the video, and write that to this file")
      ->type_name("OUT.mp4");
}

void add_explain_option(CLI::App& app, PredictArguments& arguments) {
  app.add_option("--explain", arguments.explain,
                 "draw what in which frames speaks for the prediction, and write that to this file")
      ->type_name("OUT.png");
}

void add_stream_options(CLI::App& app, PredictArguments& arguments) {
  app.add_flag("--stream", arguments.stream,
               "classify a video while it comes: camera:0, a URL, - for standard input, or a growing file");
  app.add_flag("--live", arguments.live, "drop frames that come too late, as always with cameras and URLs");
  add_seconds(app, "--idle", arguments.idle_seconds, "a file ends when it has not grown for so long (10)")
      ->check(CLI::Range(0.01, 1e6));
}

}  // namespace

Action declare_predict(CLI::App& app) {
  auto arguments = std::make_shared<PredictArguments>();
  app.add_option("checkpoint", arguments->checkpoint, "a checkpoint that train wrote")
      ->required()
      ->type_name("CHECKPOINT");
  app.add_option("inputs", arguments->inputs,
                 "video files, folders of them or of numbered frames, or lists of them (.csv, .txt, @FILE)")
      ->required()
      ->type_name("INPUT...");
  app.add_option("--top-k", arguments->top_k, "most probable classes to print")->check(CLI::Range(1, 100000));
  add_inference_options(app, arguments->inference);
  add_timeline_options(app, *arguments);
  add_explain_option(app, *arguments);
  add_stream_options(app, *arguments);
  app.add_flag("--json", arguments->json, "one JSON document on stdout");
  app.add_flag("--csv", arguments->csv, "comma-separated values on stdout");
  app.add_flag("--srt", arguments->srt, "the timeline as subtitles on stdout");
  app.add_option("--output", arguments->output,
                 "add predictions to this file, JSON lines or .csv, and leave out inputs that are there")
      ->type_name("FILE");
  return [=] { return predict_verb(*arguments); };
}

}  // namespace actrec
