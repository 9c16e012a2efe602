#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <opencv2/imgcodecs.hpp>

#include "data/splits.h"

namespace actrec {

// Makes a clip as a folder of numbered images: a white square on black that moves by (dx, dy) pixels a frame.
inline void write_moving_square(const std::filesystem::path& folder, int frames, int dx, int dy) {
  std::filesystem::create_directories(folder);
  for (int i = 0; i < frames; ++i) {
    cv::Mat image(32, 32, CV_8UC3, cv::Scalar(0, 0, 0));
    const cv::Rect square(12 + dx * (i - frames / 2), 12 + dy * (i - frames / 2), 8, 8);
    image(square & cv::Rect(0, 0, 32, 32)).setTo(cv::Scalar(255, 255, 255));
    cv::imwrite((folder / fmt::format("{:04}.png", i)).string(), image);
  }
}

// `per_class` clips of each of the classes "down" and "right", labelled 0 and 1.
inline std::vector<ClipRef> moving_square_clips(const std::filesystem::path& root, const std::string& name,
                                                int per_class) {
  std::vector<ClipRef> clips;
  for (int i = 0; i < per_class; ++i) {
    for (int label = 0; label < 2; ++label) {
      ClipRef clip;
      clip.name = fmt::format("{}_{}_{}", name, label == 0 ? "down" : "right", i);
      clip.path = root / clip.name;
      clip.label = label;
      write_moving_square(clip.path, 6 + i % 3, label, 1 - label);
      clips.push_back(clip);
    }
  }
  return clips;
}

// A data set of moving squares, small enough to train on in a second.
inline DataSplits moving_square_splits(const std::filesystem::path& root) {
  DataSplits splits;
  splits.classes = {"down", "right"};
  splits.train = moving_square_clips(root, "train", 5);
  splits.val = moving_square_clips(root, "val", 2);
  splits.method = "as given";
  splits.fingerprint = split_fingerprint(splits);
  return splits;
}

// Settings with which such a data set trains in a second.
inline Settings tiny_settings() {
  Settings settings;
  settings.device = "cpu";
  settings.threads = 1;
  settings.data.workers = 0;
  settings.clip.frames = 4;
  settings.clip.size = FrameSize(16, 16);
  settings.model.encoder.channels = {8, 16};
  settings.model.encoder.grid = 2;
  settings.model.temporal.hidden = 16;
  settings.augment.horizontal_flip = 0;
  settings.train.batch_size = 4;
  settings.train.epochs = 3;
  settings.train.learning_rate = 0.01;
  return settings;
}

}  // namespace actrec
