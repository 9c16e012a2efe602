#pragma once

#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "engine/results.h"

namespace actrec {

// One of the frames that the network saw.
struct ExplainedFrame {
  cv::Mat image;                      // as the network sees it, uint8 RGB [H, W, 3]
  cv::Mat evidence;                   // float32 [h, w] of the feature map: 0 none, 1 the most in the clip
  double share = 0;                   // of all evidence in the clip; 0 where there is none
  std::vector<double> probabilities;  // of each class, for the frames up to this one
};

struct Explanation {
  std::string input;
  std::vector<std::string> classes;
  std::vector<LabelProbability> top;  // most probable first; the evidence is for the first
  std::vector<ExplainedFrame> frames;
};

}  // namespace actrec
