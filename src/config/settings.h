#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/fields.h"

// Every setting of actrec, declared once: type, name, default, limits, and what it does. Reading this
// file top to bottom is the full reference; `actrec config explain` prints it. A setting of type
// std::filesystem::path that is relative is taken relative to the file it is written in (on the command
// line: to the working directory).

namespace actrec {

enum class DataFormat { automatic, folder, csv, ucf101, hmdb51, kinetics };
template <>
struct Names<DataFormat> {
  static constexpr std::array kSpellings{"auto", "folder", "csv", "ucf101", "hmdb51", "kinetics"};
};

enum class SplitBy { automatic, given, group, random };
template <>
struct Names<SplitBy> {
  static constexpr std::array kSpellings{"auto", "given", "group", "random"};
};

enum class Sampling { segment, dense, all };
template <>
struct Names<Sampling> {
  static constexpr std::array kSpellings{"segment", "dense", "all"};
};

enum class ShortClips { repeat, loop, error };
template <>
struct Names<ShortClips> {
  static constexpr std::array kSpellings{"repeat", "loop", "error"};
};

enum class Resize { stretch, crop, letterbox };
template <>
struct Names<Resize> {
  static constexpr std::array kSpellings{"stretch", "crop", "letterbox"};
};

enum class MotionInput { none, difference };
template <>
struct Names<MotionInput> {
  static constexpr std::array kSpellings{"none", "difference"};
};

enum class CacheMode { automatic, jpeg, raw, off };
template <>
struct Names<CacheMode> {
  static constexpr std::array kSpellings{"auto", "jpeg", "raw", "off"};
};

enum class BadVideos { error, skip };
template <>
struct Names<BadVideos> {
  static constexpr std::array kSpellings{"error", "skip"};
};

enum class AugmentPer { clip, frame };
template <>
struct Names<AugmentPer> {
  static constexpr std::array kSpellings{"clip", "frame"};
};

enum class Border { black, replicate, reflect };
template <>
struct Names<Border> {
  static constexpr std::array kSpellings{"black", "replicate", "reflect"};
};

enum class EncoderType {
  small_cnn,
  dense,
  resnet18,
  resnet34,
  resnet50,
  mobilenet_v2,
  squeezenet1_1,
  efficientnet_lite0,
  torchscript
};
template <>
struct Names<EncoderType> {
  static constexpr std::array kSpellings{"small_cnn",  "dense",        "resnet18",      "resnet34",
                                         "resnet50",   "mobilenet_v2", "squeezenet1_1", "efficientnet_lite0",
                                         "torchscript"};
};

enum class BatchNormMode { automatic, frozen, train };
template <>
struct Names<BatchNormMode> {
  static constexpr std::array kSpellings{"auto", "frozen", "train"};
};

enum class TemporalType { lstm, gru, mean };
template <>
struct Names<TemporalType> {
  static constexpr std::array kSpellings{"lstm", "gru", "mean"};
};

enum class TemporalPool { last, mean, max, attention };
template <>
struct Names<TemporalPool> {
  static constexpr std::array kSpellings{"last", "mean", "max", "attention"};
};

enum class OptimizerType { adamw, adam, sgd };
template <>
struct Names<OptimizerType> {
  static constexpr std::array kSpellings{"adamw", "adam", "sgd"};
};

enum class ScheduleType { constant, step, cosine, plateau };
template <>
struct Names<ScheduleType> {
  static constexpr std::array kSpellings{"constant", "step", "cosine", "plateau"};
};

enum class ClassWeights { none, balanced };
template <>
struct Names<ClassWeights> {
  static constexpr std::array kSpellings{"none", "balanced"};
};

enum class Monitor { val_loss, val_top1, none };
template <>
struct Names<Monitor> {
  static constexpr std::array kSpellings{"val_loss", "val_top1", "none"};
};

enum class Precision { fp32, tf32, bf16 };
template <>
struct Names<Precision> {
  static constexpr std::array kSpellings{"fp32", "tf32", "bf16"};
};

enum class MemoryFormat { automatic, channels_last, contiguous };
template <>
struct Names<MemoryFormat> {
  static constexpr std::array kSpellings{"auto", "channels_last", "contiguous"};
};

// clang-format off
#define ACTREC_SPLIT_FIELDS(FIELD, SECTION)                                                                     \
  FIELD(SplitBy, by, SplitBy::automatic, any_value(),                                                           \
        "How clips are divided into train, val and test: `given` (the data set says), `group` (clips of one group " \
        "stay together), `random` (clip by clip, which leaks when clips share a recording), `auto` (given, else group, else random)") \
  FIELD(double, val, 0.15, between(0, 0.9), "Share of the clips for validation where the data set names no validation split") \
  FIELD(double, test, 0.15, between(0, 0.9), "Share of the clips for testing where the data set names no splits") \
  FIELD(int, folds, 0, between(0, 1000), "Cross-validation: divide the clips (or groups) into this many folds; 0 is off") \
  FIELD(int, fold, 0, between(0, 999), "Cross-validation: the fold to test on, from 0; the next fold validates, the rest trains; with 2 folds, `val` of the training clips validates") \
  FIELD(std::string, group_pattern, "", any_value(),                                                            \
        "Regular expression (ECMAScript) searched in each clip's path; its first capture is the clip's group. "  \
        "Empty recognises UCF101's `_gNN_` and HMDB51's source names")                                           \
  FIELD(int, official, 1, between(1, 3), "Which of the three official splits of UCF101 or HMDB51 to use")
ACTREC_SETTINGS(SplitSettings, ACTREC_SPLIT_FIELDS)

#define ACTREC_DATA_FIELDS(FIELD, SECTION)                                                                      \
  FIELD(std::filesystem::path, path, "", any_value(),                                                           \
        "The data set: a folder per class, a folder per split then class, a CSV or Kinetics list, or the folder of the official UCF101 or HMDB51 split files") \
  FIELD(DataFormat, format, DataFormat::automatic, any_value(), "How `path` is laid out; `auto` looks at it")     \
  FIELD(std::filesystem::path, videos, "", any_value(),                                                         \
        "Where the videos of a list or of official split files are; empty: beside the list")                   \
  FIELD(int, workers, -1, between(-1, 256), "Decoding threads; 0 decodes nothing ahead, so that training waits for each batch; -1 takes one per core of `threads`") \
  FIELD(int, prefetch_mb, 32, between(0, 1048576), "Memory in MB for batches prepared ahead of the training step; one batch at least is") \
  FIELD(double, timeout_seconds, 1800, at_least(1), "Longest time that reading one clip may take; a clip that takes longer is bad, see `bad_videos`") \
  FIELD(BadVideos, bad_videos, BadVideos::error, any_value(),                                                   \
        "What becomes of a clip that cannot be read: `error` stops and names it; `skip` leaves it out of its batch, names it once in the log and counts it in every result") \
  FIELD(double, max_bad_fraction, 0.1, between(0, 1), "bad_videos `skip`: largest share of a split's clips that may be left out; more is an error") \
  FIELD(CacheMode, cache, CacheMode::automatic, any_value(),                                                    \
        "Decoded and reduced frames kept on disk, so that a video is decoded once: `raw` (exact, fastest, large), `jpeg` (a tenth of it), " \
        "`off`, or `auto`, which estimates the size and takes raw where memory can hold it, else jpeg") \
  FIELD(int, cache_quality, 95, between(1, 100), "JPEG quality of cached frames")                               \
  FIELD(double, cache_gb, 50, at_least(0), "Disk space in GB that the frame cache may take; the entries unused longest go first") \
  FIELD(std::filesystem::path, cache_dir, "", any_value(),                                                      \
        "Folder of the frame cache, which runs may share; empty: actrec/frames in $XDG_CACHE_HOME or ~/.cache") \
  SECTION(SplitSettings, split, "Division into train, val and test")
ACTREC_SETTINGS(DataSettings, ACTREC_DATA_FIELDS)

#define ACTREC_CLIP_FIELDS(FIELD, SECTION)                                                                      \
  FIELD(int, frames, 16, between(1, 4096), "Frames of a clip that the network sees (T)")                        \
  FIELD(FrameSize, size, FrameSize(112, 112), between(8, 1024), "Size of the network's input in pixels: one number, or [height, width]") \
  FIELD(Sampling, sampling, Sampling::segment, any_value(),                                                     \
        "`segment`: one frame from each of T equal segments, random in training, the centre in evaluation (TSN); " \
        "`dense`: T frames `stride` apart, random start in training, centred in evaluation; `all`: every frame (prediction and evaluation only)") \
  FIELD(int, stride, 2, between(1, 1024), "Distance of the frames of `dense` sampling")                         \
  FIELD(ShortClips, short_clips, ShortClips::repeat, any_value(),                                               \
        "Clips with fewer frames than needed: `repeat` the last frame, `loop` from the start, or `error`")       \
  FIELD(Resize, resize, Resize::stretch, any_value(),                                                           \
        "How a frame fits the network's input: `stretch` it, `crop` its centre, or `letterbox` it with black bars") \
  FIELD(MotionInput, motion, MotionInput::none, any_value(),                                                    \
        "What the network sees of a frame: `none`: its colours; `difference`: how its brightness changes, as three channels: the differences of the frames 3 and 1 before and 1 and 3 after it") \
  FIELD(int, decode_size, 0, between(0, 4096),                                                                  \
        "Short side in pixels that decoded frames are reduced to, once, before they are cached and augmented; 0 takes 8/7 of the longer side of `size`")
ACTREC_SETTINGS(ClipSettings, ACTREC_CLIP_FIELDS)

#define ACTREC_AFFINE_FIELDS(FIELD, SECTION)                                                                    \
  FIELD(Range, scale, Range(0.9, 1.1), between(0.05, 20), "Scale factors, drawn for width and height on their own") \
  FIELD(Range, translate, Range(-0.05, 0.05), between(-1, 1), "Shift as a fraction of the width and of the height") \
  FIELD(Range, rotate, Range(-5, 5), between(-180, 180), "Rotation about the centre in degrees, counter-clockwise")
ACTREC_SETTINGS(AffineSettings, ACTREC_AFFINE_FIELDS)

#define ACTREC_CROP_FIELDS(FIELD, SECTION)                                                                      \
  FIELD(bool, enabled, false, any_value(), "Cut a random part of the frame (Szegedy et al. 2015)")              \
  FIELD(Range, scale, Range(0.5, 1), between(0.01, 1), "Area of the part as a fraction of the frame's")         \
  FIELD(Range, ratio, Range(0.75, 4.0 / 3.0), between(0.1, 10), "Aspect ratio of the part, relative to the whole frame's")
ACTREC_SETTINGS(RandomResizedCropSettings, ACTREC_CROP_FIELDS)

#define ACTREC_JITTER_FIELDS(FIELD, SECTION)                                                                    \
  FIELD(double, brightness, 0.2, between(0, 1), "Brightness is multiplied by 1 +- up to this")                  \
  FIELD(double, contrast, 0.2, between(0, 1), "Contrast about mid-grey is multiplied by 1 +- up to this")       \
  FIELD(double, saturation, 0.2, between(0, 1), "Colour saturation is multiplied by 1 +- up to this")           \
  FIELD(double, hue, 0, between(0, 0.5), "Hue is turned by up to this fraction of the colour circle either way")
ACTREC_SETTINGS(ColorJitterSettings, ACTREC_JITTER_FIELDS)

#define ACTREC_AUGMENT_FIELDS(FIELD, SECTION)                                                                   \
  FIELD(bool, enabled, true, any_value(), "Augment training clips at all")                                      \
  FIELD(AugmentPer, apply, AugmentPer::clip, any_value(), "One draw for the whole `clip`, or one per `frame` as image libraries do it") \
  FIELD(double, horizontal_flip, 0.5, between(0, 1),                                                            \
        "Probability of mirroring; 0 where a mirror image is another class (left and right, clockwise and counter-clockwise)") \
  FIELD(int, test_clips, 1, between(1, 100),                                                                    \
        "Temporal clips, choices of frames spread evenly over a clip, whose probabilities evaluation and prediction average, each in every view of `test_views`: " \
        "with `segment` sampling other frames of each segment, with `dense` windows that start evenly spread. Sampling `all` has one, all frames") \
  FIELD(int, test_views, 1, between(1, 1000),                                                                   \
        "Views of a clip whose probabilities evaluation and prediction average: the plain one, its mirror image (where `horizontal_flip` is not 0), then augmented ones. Sampling `all` has the plain one only") \
  FIELD(Border, border, Border::reflect, any_value(), "What lies outside the frame: `black`, `replicate` the edge, or `reflect`") \
  FIELD(bool, on_device, false, any_value(),                                                                    \
        "Change training clips on the device that trains, not in the threads that load them: for a GPU with too few cores beside it. The draws are the same, and so are the pixels but for rounding") \
  SECTION(AffineSettings, affine, "Random scale, shift and rotation")                                           \
  SECTION(RandomResizedCropSettings, random_resized_crop, "Random part of the frame")                           \
  SECTION(ColorJitterSettings, color_jitter, "Random colour changes")
ACTREC_SETTINGS(AugmentSettings, ACTREC_AUGMENT_FIELDS)

#define ACTREC_ENCODER_FIELDS(FIELD, SECTION)                                                                   \
  FIELD(EncoderType, type, EncoderType::small_cnn, any_value(),                                                 \
        "`small_cnn`: strided convolutions with GroupNorm, good from scratch on small data; `dense`: flattened pixels, one dense layer, ReLU; "  \
        "`torchscript`: any frame encoder exported from Python, in the file `weights`; the others are torchvision's networks (EfficientNet-Lite0: "  \
        "its paper's) without their classifier") \
  FIELD(std::filesystem::path, weights, "", any_value(),                                                        \
        "Start from these weights: a safetensors or .pth file with torchvision's parameter names, or a checkpoint of actrec with the same encoder. Empty: random") \
  FIELD(TrainableStages, trainable, TrainableStages::all(), between(1, 100),                                    \
        "What of the encoder learns: `all`, `none`, or a number: that many of its last stages (README.md lists them)")  \
  FIELD(int, unfreeze_epochs, 0, between(0, 100000),                                                            \
        "Gradual unfreezing (Howard & Ruder 2018): start with the encoder frozen and let one more stage, from the last, learn after every so many epochs, up to `trainable`; 0 is off") \
  FIELD(double, learning_rate_factor, 1, between(0, 100), "The encoder's learning rate is the learning rate times this") \
  FIELD(BatchNormMode, batch_norm, BatchNormMode::automatic, any_value(),                                       \
        "Batch normalisation: `frozen` uses the statistics that came with the weights, `train` those of each batch, `auto`: frozen with `weights`, else train") \
  FIELD(std::vector<int>, channels, (std::vector<int>{32, 64, 128, 256}), between(1, 4096),                     \
        "small_cnn: output channels of each block; each block halves the resolution")                         \
  FIELD(int, grid, 0, between(0, 64),                                                                           \
        "The last feature map is averaged to grid x grid cells; 1 forgets where things are. 0 takes 4 for small_cnn and 1 for the others. Not for dense and torchscript") \
  FIELD(int, stages, 0, between(0, 100),                                                                        \
        "How many of the encoder's stages there are, from the first; 0 takes all. The feature maps of earlier stages are finer and say less about objects, which suits motion images") \
  FIELD(int, units, 256, between(1, 65536), "dense: outputs of the dense layer")
ACTREC_SETTINGS(EncoderSettings, ACTREC_ENCODER_FIELDS)

#define ACTREC_TEMPORAL_FIELDS(FIELD, SECTION)                                                                  \
  FIELD(TemporalType, type, TemporalType::lstm, any_value(),                                                    \
        "What reads the sequence of frame features: `lstm`, `gru`, or `mean` (the baseline that ignores time)") \
  FIELD(bool, standardize, false, any_value(),                                                                  \
        "Bring each feature to mean 0 and deviation 1, as measured over the training clips before the first epoch") \
  FIELD(bool, differences, false, any_value(),                                                                  \
        "Beside the features of each frame, give how they differ from those of the frame before (as Wang et al. 2021 do within their network)") \
  FIELD(double, input_dropout, 0, between(0, 0.95),                                                             \
        "Dropout of features, the same for all frames of a clip (Gal & Ghahramani 2016)")                       \
  FIELD(int, projection, 0, between(0, 16384),                                                                  \
        "Units of a dense layer with layer normalisation (Ba et al. 2016) and ReLU between the features and what reads the sequence; 0 is none") \
  FIELD(int, hidden, 256, between(1, 16384), "Hidden units of the LSTM or GRU, per direction")                  \
  FIELD(int, layers, 1, between(1, 16), "Stacked LSTM or GRU layers")                                           \
  FIELD(bool, bidirectional, false, any_value(), "Read the sequence in both directions")                        \
  FIELD(double, dropout, 0, between(0, 0.95), "Dropout between stacked layers")                                 \
  FIELD(TemporalPool, pool, TemporalPool::last, any_value(), "What becomes of the LSTM's or GRU's outputs: the `last`, their `mean`, their `max`, or an `attention`-weighted sum")
ACTREC_SETTINGS(TemporalSettings, ACTREC_TEMPORAL_FIELDS)

#define ACTREC_MODEL_FIELDS(FIELD, SECTION)                                                                     \
  FIELD(double, dropout, 0.3, between(0, 0.95), "Dropout before the classifier")                                \
  SECTION(EncoderSettings, encoder, "The network that sees one frame")                                          \
  SECTION(TemporalSettings, temporal, "The network that sees the sequence")
ACTREC_SETTINGS(ModelSettings, ACTREC_MODEL_FIELDS)

#define ACTREC_OPTIMIZER_FIELDS(FIELD, SECTION)                                                                 \
  FIELD(OptimizerType, type, OptimizerType::adamw, any_value(), "`adamw` (decoupled weight decay), `adam`, or `sgd` with momentum") \
  FIELD(double, weight_decay, 0.01, between(0, 10), "Weight decay; never applied to biases and normalisation layers") \
  FIELD(double, momentum, 0.9, between(0, 0.9999), "sgd: momentum")                                             \
  FIELD(double, gradient_clip, 1, at_least(0), "Largest L2 norm of the gradient; 0 does not clip")
ACTREC_SETTINGS(OptimizerSettings, ACTREC_OPTIMIZER_FIELDS)

#define ACTREC_SCHEDULE_FIELDS(FIELD, SECTION)                                                                  \
  FIELD(ScheduleType, type, ScheduleType::cosine, any_value(),                                                  \
        "Learning rate after the warm-up: `constant`, `step` (times `factor` every `step_epochs`), `cosine` (down to 0 at the last epoch), " \
        "`plateau` (times `factor` after `patience` epochs without a better monitored value)")                  \
  FIELD(double, warmup_epochs, 1, between(0, 1000), "Epochs in which the learning rate rises linearly from near 0") \
  FIELD(int, step_epochs, 30, between(1, 100000), "step: epochs between reductions")                            \
  FIELD(double, factor, 0.1, between(0.0001, 1), "step, plateau: what the learning rate is multiplied by")      \
  FIELD(int, patience, 5, between(1, 100000), "plateau: epochs without improvement before a reduction")
ACTREC_SETTINGS(ScheduleSettings, ACTREC_SCHEDULE_FIELDS)

#define ACTREC_EARLY_STOPPING_FIELDS(FIELD, SECTION)                                                            \
  FIELD(Monitor, monitor, Monitor::val_loss, any_value(), "The value that decides on the best epoch and on stopping. `none`: the last epoch is the best, for validation splits too small to tell epochs apart") \
  FIELD(int, patience, 10, between(0, 100000), "Epochs without improvement before training stops; 0 never stops early") \
  FIELD(double, min_delta, 0, at_least(0), "Changes up to this do not count as improvement")
ACTREC_SETTINGS(EarlyStoppingSettings, ACTREC_EARLY_STOPPING_FIELDS)

#define ACTREC_TRAIN_FIELDS(FIELD, SECTION)                                                                     \
  FIELD(int, epochs, 60, between(1, 1000000), "Most epochs to train")                                           \
  FIELD(int, batch_size, 8, between(1, 65536), "Clips per step, in each process where several train together")                                  \
  FIELD(int, accumulate, 1, between(1, 65536), "Steps whose gradients are added up before the weights change") \
  FIELD(double, learning_rate, 0.001, between(1e-9, 100), "Peak learning rate")                                 \
  FIELD(int, feature_views, 8, between(0, 1000),                                                                \
        "Frozen encoder (`model.encoder.trainable` none): augmented views of each training clip; the features of each are computed once and kept "  \
        "beside the frame cache, so that later epochs train on features alone. 0 draws anew in every epoch and keeps nothing") \
  FIELD(double, label_smoothing, 0.1, between(0, 0.99), "Share of the target spread over all classes (Szegedy et al. 2016)") \
  FIELD(ClassWeights, class_weights, ClassWeights::none, any_value(), "`balanced` weighs each class by the inverse of its number of training clips") \
  FIELD(Precision, precision, Precision::fp32, any_value(),                                                      \
        "Arithmetic of the encoder in training steps: `fp32`; `tf32`, shorter products on NVIDIA GPUs from Ampere on, on CPUs the same as fp32; `bf16`, "  \
        "bfloat16 (Micikevicius et al. 2018, Kalamkar et al. 2019), fast on GPUs and CPUs that have it. Weights, LSTM, loss and all evaluation stay in 32 bits") \
  FIELD(MemoryFormat, memory_format, MemoryFormat::automatic, any_value(),                                       \
        "Layout of the encoder's feature maps: `channels_last`, `contiguous`, or `auto`: contiguous where a short measurement at the start " \
        "finds it clearly faster. Results differ by rounding only")                                             \
  FIELD(std::uint64_t, seed, 1, between(0, 9007199254740991.0), "Seed of every random draw")                    \
  FIELD(double, checkpoint_minutes, 10, between(0, 10000),                                                      \
        "What `train --resume` needs is saved after each epoch, when training is interrupted, and this often within an epoch; 0: not within an epoch") \
  SECTION(OptimizerSettings, optimizer, "How gradients change the weights")                                     \
  SECTION(ScheduleSettings, schedule, "The learning rate over time")                                            \
  SECTION(EarlyStoppingSettings, early_stopping, "When to stop and which epoch is best")
ACTREC_SETTINGS(TrainSettings, ACTREC_TRAIN_FIELDS)

#define ACTREC_ALL_FIELDS(FIELD, SECTION)                                                                       \
  FIELD(std::string, device, "auto", any_value(), "`cpu`, `cuda`, `cuda:N`, or `auto`: CUDA where it works, else the CPU") \
  FIELD(int, threads, 0, between(0, 1024), "Cores to use in all; 0 uses every core this process may run on")    \
  FIELD(Normalization, normalize, Normalization(NormalizationType::encoder), any_value(),                       \
        "Mean and standard deviation of the pixels: `encoder` (what its weights were made for; imagenet where they do not say), `imagenet`, "     \
        "`dataset` (measured over the training split), or {\"mean\": [r, g, b], \"std\": [r, g, b]} for pixels in 0..1") \
  SECTION(DataSettings, data, "Which clips")                                                                    \
  SECTION(ClipSettings, clip, "Which frames of a clip, and how large")                                          \
  SECTION(AugmentSettings, augment, "Random changes to training clips")                                         \
  SECTION(ModelSettings, model, "The network")                                                                  \
  SECTION(TrainSettings, train, "Optimisation")
ACTREC_SETTINGS(Settings, ACTREC_ALL_FIELDS)
// clang-format on

}  // namespace actrec
