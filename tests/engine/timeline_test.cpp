#include "engine/timeline.h"

#include <gtest/gtest.h>

#include <cmath>

namespace actrec {
namespace {

const std::vector<std::string> kClasses{"a", "b"};

// Windows of which the centres are at 1, 2, 3, ... with these probabilities of "a".
std::vector<TimelineSegment> timeline(const std::vector<double>& of_a, const TimelineOptions& options) {
  TimelineBuilder builder(kClasses, options);
  double centre = 0;
  for (const double p : of_a) builder.add(centre += 1, {p, 1 - p});
  return builder.finish(centre + 1);
}

std::string text_of(const std::vector<TimelineSegment>& segments) {
  std::string text;
  for (const TimelineSegment& segment : segments) {
    char part[64];
    std::snprintf(part, sizeof part, "%g-%g %s %.3f; ", segment.begin_seconds, segment.end_seconds,
                  segment.label.c_str(), segment.probability);
    text += part;
  }
  return text;
}

TEST(Timeline, EachWindowSpeaksForTheTimeAroundItsCentre) {
  EXPECT_EQ(text_of(timeline({0.9, 0.7, 0.2}, {})),
            "0-2.5 a 0.820; 2.5-4 b 0.800; ");  // 1.5 s of 0.9, 1 s of 0.7
  EXPECT_EQ(text_of(timeline({0.9}, {})), "0-2 a 0.900; ");
}

TEST(Timeline, SmoothingAveragesWindowsAround) {
  TimelineOptions options;
  options.smooth_seconds = 2;  // one on each side
  EXPECT_EQ(text_of(timeline({0.9, 0.9, 0.2, 0.9, 0.9}, options)), "0-6 a 0.783; ");
  options.smooth_seconds = 1.9;
  EXPECT_EQ(text_of(timeline({0.9, 0.2, 0.9}, options)), "0-1.5 a 0.900; 1.5-2.5 b 0.800; 2.5-4 a 0.900; ");
}

TEST(Timeline, IsUnknownBelowTheThreshold) {
  TimelineOptions options;
  options.threshold = 0.75;
  EXPECT_EQ(text_of(timeline({0.9, 0.6, 0.45, 0.1}, options)),
            "0-1.5 a 0.900; 1.5-3.5 unknown 0.575; 3.5-5 b 0.900; ");
}

TEST(Timeline, ShortSegmentsGoToTheirNeighbours) {
  TimelineOptions options;
  options.min_duration_seconds = 1.5;
  EXPECT_EQ(text_of(timeline({0.9, 0.9, 0.2, 0.9, 0.9}, options)), "0-6 a 0.900; ");
  // Between different neighbours, to the longer one.
  options.threshold = 0.6;
  EXPECT_EQ(text_of(timeline({0.9, 0.9, 0.5, 0.1, 0.1, 0.1}, options)), "0-2.5 a 0.900; 2.5-7 b 0.900; ");
  options.min_duration_seconds = 100;
  EXPECT_EQ(timeline({0.9, 0.2, 0.9}, options).size(), 1u);
}

TEST(Timeline, MeanIsOverAllWindows) {
  TimelineOptions options;
  options.smooth_seconds = 3;
  TimelineBuilder builder(kClasses, options);
  for (int i = 0; i < 100; ++i) builder.add(i, {i % 2 ? 1.0 : 0.0, i % 2 ? 0.0 : 1.0});
  EXPECT_NEAR(builder.mean()[0], 0.5, 1e-12);
  builder.finish(100);
  EXPECT_NEAR(builder.mean()[0], 0.5, 1e-12);
}

}  // namespace
}  // namespace actrec
