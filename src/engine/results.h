#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/gpu_meter.h"

// Plain results of training, evaluation and prediction: no tensors, so that reports can be made without
// LibTorch.

namespace actrec {

// A clip that was left out because it cannot be read (data.bad_videos).
struct SkippedClip {
  std::string clip;
  std::string reason;
};

// How the clips that a result is about were divided, so that nobody takes the result for more than it is.
struct SplitInfo {
  std::string name;         // what was evaluated: "train", "val", "test" or "all"; empty: does not apply
  std::string method;       // "as given", "by group", "RANDOM SPLIT", ...; empty: not divided at all
  std::string fingerprint;  // of the whole division, or of the clips alone where they were not divided
  std::string leakage;      // verdict of the leakage audit; empty: not known
  std::string data;         // path of the data set; empty: does not apply

  // Clip by clip, although clips may share a recording.
  bool random() const { return method.find("RANDOM SPLIT") != std::string::npos; }
  bool leaking() const { return leakage.rfind("LEAK", 0) == 0; }
};

struct ClassResult {
  std::string name;
  std::int64_t support = 0;  // clips of the class
  double precision = 0;      // 0 where the class was never predicted
  double recall = 0;         // 0 where the class has no clips
  double f1 = 0;
};

// What becomes of the accuracy when the model's input is changed.
struct InputTest {
  double top1 = 0;
  std::int64_t lost = 0;    // clips that are recognised only without the change
  std::int64_t gained = 0;  // clips that are recognised only with it
};

// Clips that get another class when they are played backwards, by the two classes.
struct PredictionChange {
  std::string from, to;
  std::int64_t clips = 0;
};

// What of a clip a model needs, measured on the plain view of each clip whatever augment.test_clips and
// test_views say.
struct AblationResult {
  double top1 = 0;                        // of the unchanged clips
  std::optional<double> majority_class;   // top-1 of always answering `majority_name`; none where not known
  std::string majority_name;              // the class with the most training clips, the first of several;
                                          // empty where several results are pooled that differ in it
  InputTest single_frame;                 // the features of the clip's centre frame in place of every frame's
  InputTest mean_frame;                   // the mean of all frames' features in place of every frame's
  InputTest reversed, shuffled;           // the order of frames
  std::vector<PredictionChange> changes;  // the most frequent first

  std::int64_t changed() const {  // clips
    std::int64_t clips = 0;
    for (const PredictionChange& change : changes) clips += change.clips;
    return clips;
  }
};

// What the model says of one clip.
struct ClipPrediction {
  std::string name;                   // as the data set writes it: unique within it
  std::string group;                  // empty: not known
  std::int64_t label = 0;             // index of the true class
  std::int64_t prediction = 0;        // index of the most probable class; of several, the first
  std::vector<double> probabilities;  // of each class

  double confidence() const { return probabilities[static_cast<std::size_t>(prediction)]; }
  bool right() const { return label == prediction; }
};

struct Interval {
  double low = 0, high = 0;
};

// What a bootstrap draws from (Efron & Tibshirani 1993): groups of clips that belong together, such as those
// of one recording, where enough of them are known, else clips.
struct Bootstrap {
  bool by_group = false;
  std::int64_t units = 0;  // groups or clips
  int resamples = 0;
};

// 95 % confidence intervals, each between two percentiles of the bootstrap.
struct ConfidenceIntervals {
  Bootstrap bootstrap;
  Interval top1, mean_class_accuracy, macro_f1;
};

// The clips whose prediction has a probability in (low, high].
struct ReliabilityBin {
  double low = 0, high = 0;
  std::int64_t clips = 0;
  double confidence = 0;  // mean probability of the predictions; 0 without clips
  double accuracy = 0;    // share of right ones; 0 without clips
};

// How far probabilities can be believed (Guo et al. 2017).
struct Calibration {
  double temperature = 1;       // that logits were divided by, fitted on the validation split in training
  double ece = 0;               // expected calibration error
  double ece_uncalibrated = 0;  // of the probabilities with temperature 1
  double loss = 0;              // mean cross-entropy of the probabilities
  std::vector<ReliabilityBin> bins;  // of equal width from 0 to 1
};

struct EvaluationResult {
  std::int64_t clips = 0;
  double top1 = 0;
  double top5 = 0;                 // of min(5, classes) guesses
  double mean_class_accuracy = 0;  // mean recall of the classes that have clips
  double macro_f1 = 0;             // mean F1 of the classes that have clips
  double loss = 0;                 // mean cross-entropy, without smoothing or weights
  std::vector<std::string> classes;
  std::vector<std::vector<std::int64_t>> confusion;  // [label][prediction], clips
  std::vector<ClassResult> per_class;
  std::optional<AblationResult> ablation;        // none where it was not asked for
  std::vector<ClipPrediction> predictions;       // in the order of the clips
  std::optional<ConfidenceIntervals> intervals;  // none with one clip, or where not asked for
  std::optional<Calibration> calibration;        // none where it was not asked for
  std::vector<SkippedClip> skipped;              // by name; not among `clips`
  std::optional<SplitInfo> split;                // none where not known
};

struct Figures {
  double top1 = 0, mean_class_accuracy = 0, macro_f1 = 0;
};

// One of two results that are compared.
struct ComparedResult {
  std::string name;  // of the checkpoint or report
  Figures figures;
};

// A clip that the two results give different classes.
struct ChangedClip {
  std::string name, label, first, second;  // classes by name
};

// Two results on the same clips.
struct ComparisonResult {
  ComparedResult first, second;
  std::optional<SplitInfo> split;  // that both share; none where not known
  std::int64_t clips = 0;
  std::int64_t both_right = 0, only_first = 0, only_second = 0, both_wrong = 0;  // clips
  double p_value = 1;                            // of the exact McNemar test, two-sided
  Figures difference;                            // second minus first
  std::optional<ConfidenceIntervals> intervals;  // of the difference; none with one clip
  std::vector<ChangedClip> changed;
};

// The test of one fold of a cross-validation.
struct FoldResult {
  int fold = 0;                     // from 0
  std::uint64_t seed = 0;           // train.seed of its run
  int best_epoch = 0;               // from 1
  std::vector<std::string> groups;  // of the clips tested on, sorted; empty where none are known
  SplitInfo split;                  // of the fold
  EvaluationResult evaluation;      // of the clips tested on
};

// Mean and sample standard deviation over the folds.
struct SeedResult {
  std::uint64_t seed = 0;
  double top1 = 0, top1_std = 0;
};

struct CrossValidationResult {
  double top1 = 0, top1_std = 0;  // means over the seeds
  std::vector<SeedResult> seeds;
  std::vector<FoldResult> folds;
  EvaluationResult pooled;  // all folds of all seeds together: every clip counts once a seed
};

// How far a cross-validation has come.
struct CrossValidationState {
  std::optional<CrossValidationResult> finished;  // of the runs that are; none where none is
  std::vector<std::string> unfinished;            // directories of the other runs
};

struct EpochResult {
  int epoch = 0;  // from 1
  double train_loss = 0, train_top1 = 0;
  double val_loss = 0, val_top1 = 0;
  double learning_rate = 0;       // at the epoch's last step
  double seconds = 0;             // training and validation
  double frames_per_second = 0;   // of the training part
  double data_wait_fraction = 0;  // share of the training part spent waiting for clips
  double peak_rss_mb = 0;
  GpuUse gpu{};       // in the training part
  bool best = false;  // the best epoch so far by the monitored value
};

// Gives `visit` the name and the value of each number in metrics.jsonl, in its order.
template <typename Epoch, typename Visit>
void visit_metrics(Epoch& epoch, Visit visit) {
  visit("epoch", epoch.epoch);
  visit("train_loss", epoch.train_loss);
  visit("train_top1", epoch.train_top1);
  visit("val_loss", epoch.val_loss);
  visit("val_top1", epoch.val_top1);
  visit("learning_rate", epoch.learning_rate);
  visit("seconds", epoch.seconds);
  visit("frames_per_second", epoch.frames_per_second);
  visit("data_wait_fraction", epoch.data_wait_fraction);
  visit("peak_rss_mb", epoch.peak_rss_mb);
  visit("gpu_busy_fraction", epoch.gpu.busy_fraction);
  visit("gpu_memory_mb", epoch.gpu.memory_mb);
}

// Where training stands within an epoch.
struct StepResult {
  int epoch = 0, epochs = 0;
  std::int64_t step = 0, steps = 0;  // within the epoch, from 1
  double frames_per_second = 0;
  double data_wait_fraction = 0;
  GpuUse gpu{};
  double seconds_left = 0;  // until the last epoch ends, unless training stops early
};

enum class StopReason { finished, early_stopping, interrupted };

struct TrainingSummary {
  StopReason reason = StopReason::finished;
  int epochs = 0;      // completed
  int best_epoch = 0;  // 0: none completed
  EpochResult best;
  double seconds = 0;  // of training, in all processes that had a part in it
  std::filesystem::path best_checkpoint, last_checkpoint;
  SplitInfo split;
  std::vector<SkippedClip> skipped;  // of the training and validation clips, by name
};

// Which part of training a machine spends its time on.
struct BenchResult {
  double decode_fps = 0;            // frames/s decoded and reduced from videos, all decoding threads together
  double load_fps = 0;              // frames/s read from the cache, augmented and batched, likewise
  double compute_fps = 0;           // frames/s through the training step, on a batch that is there
  double train_fps = 0;             // frames/s of the second epoch of training, everything together
  double data_wait_fraction = 0;    // of that epoch
  GpuUse gpu{};                     // in that epoch
  std::int64_t clips = 0;           // that were used
  std::int64_t bytes_per_clip = 0;  // of the frame cache; 0 without one
  double peak_rss_mb = 0;
  std::string limit;  // which part is the slowest, and what to change, in a sentence
};

struct LabelProbability {
  std::string label;
  double probability = 0;
};

// What a part of a video shows.
struct TimelineSegment {
  double begin_seconds = 0, end_seconds = 0;  // from the video's first frame: begin <= time < end
  std::string label;                          // a class, or kUnknownLabel
  double probability = 0;  // mean over the segment: of the label; of the most probable class where unknown
};
inline constexpr const char* kUnknownLabel = "unknown";

struct Prediction {
  std::string input;
  std::int64_t frames = 0;            // that the network saw
  std::vector<LabelProbability> top;  // most probable first; of a timeline, the mean over its windows
  std::optional<std::vector<TimelineSegment>> timeline;  // without gaps, in order; none where not asked for
  std::string error;  // why there is no prediction, and what to do; empty: there is one
};

// What predicting took.
struct PredictionSummary {
  std::int64_t inputs = 0, failed = 0;
  std::int64_t frames = 0;   // decoded
  double video_seconds = 0;  // of the decoded videos
  double seconds = 0;        // of work
};

}  // namespace actrec
