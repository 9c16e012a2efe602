#include "data/clip_facts.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "data/content_hash.h"
#include "video_fixtures.h"

namespace actrec {
namespace {

using namespace actrec::testing;

const auto* const kQuiet = ::testing::AddGlobalTestEnvironment(new QuietLibraries);

ClipFacts facts_of(const fs::path& video) { return inspect_video(video, {clip_of(video)}, {}).at(0); }

// What FFmpeg 5.1 found out about the files.
TEST(ClipFacts, AgreeWithFfmpegOnTheDecoderFiles) {
  const fs::path folder = shared_data() / "decoder";
  REQUIRE_SHARED(folder);
  int good = 0, broken = 0;
  for (const auto& entry : nlohmann::json::parse(read_bytes(folder / "manifest.json"))) {
    const std::string name = entry["file"];
    SCOPED_TRACE(name);
    const ClipFacts facts = facts_of(folder / name);
    EXPECT_EQ(facts.content_hash, content_hash(folder / name));
    const std::string decoded = entry["decoded_frames"], header = entry["header_frames"];
    if (decoded == "-") {
      EXPECT_NE(facts.problem.find(name), std::string::npos) << facts.problem;
      ++broken;
      continue;
    }
    EXPECT_EQ(facts.problem, "");
    EXPECT_EQ(facts.frames, std::stoi(decoded));
    EXPECT_EQ(facts.header_frames, header == "N/A" ? 0 : std::stoi(header));
    EXPECT_EQ(facts.codec, entry["codec"]);
    const std::string rotation = entry["rotation"];
    // FFmpeg counts counter-clockwise; a matrix without a rotation gives the smallest integer.
    const bool turned = rotation == "90" || rotation == "-90";
    EXPECT_EQ(facts.rotation_degrees, rotation == "90" ? 270 : rotation == "-90" ? 90 : 0);
    const std::string size = turned ? fmt::format("{}x{}", facts.height, facts.width)
                                    : fmt::format("{}x{}", facts.width, facts.height);
    EXPECT_EQ(size, entry["size"]);
    EXPECT_GT(facts.decode_ms, 0);
    EXPECT_TRUE(facts.look.has_value());
    ++good;
  }
  EXPECT_EQ(good, 34);
  EXPECT_EQ(broken, 7);
}

TEST(ClipFacts, TheLargestGroupOfPicturesIsFfprobes) {
  const fs::path folder = shared_data() / "decoder";
  REQUIRE_SHARED(folder);
  REQUIRE_FFMPEG();
  for (const char* name : {"testsrc2_mpeg4.avi", "sample_av1.mp4", "flipping_a_pancake.mkv",
                           "testsrc2_vp9.webm", "fixture.flv", "unordered.mov"}) {
    SCOPED_TRACE(name);
    std::istringstream lines(
        output_of("ffprobe -v quiet -select_streams v:0 -show_entries frame=key_frame -of "
                  "csv=p=0 " +
                  quoted(folder / name)));
    std::int64_t largest = 0, length = 0;
    for (std::string line; std::getline(lines, line);) {
      if (line.empty()) continue;
      length = line[0] == '1' ? 1 : length + 1;
      largest = std::max(largest, length);
    }
    EXPECT_EQ(facts_of(folder / name).largest_gop, largest);
  }
}

TEST(ClipFacts, PartsOfAVideoAreMeasuredInOnePass) {
  REQUIRE_FFMPEG();
  const TempDir directory;
  const fs::path video = directory / "v.mkv";
  ASSERT_TRUE(make_numbered_video(video, 50));  // 25 frames/s
  ClipRef early = clip_of(video, "early"), late = clip_of(video, "late"), none = clip_of(video, "none");
  early.end_seconds = 1;
  late.begin_seconds = 1.2;
  none.begin_seconds = 10;
  none.end_seconds = 11;
  const auto facts = inspect_video(video, {early, late, none}, {});
  EXPECT_EQ(facts[0].frames, 25);
  EXPECT_NEAR(facts[0].seconds, 1, 1e-6);
  EXPECT_EQ(facts[1].frames, 20);
  EXPECT_EQ(facts[0].problem, "");
  EXPECT_EQ(facts[1].problem, "");
  EXPECT_NE(facts[2].problem.find("no frame between 10 s and 11 s"), std::string::npos) << facts[2].problem;
}

TEST(ClipFacts, ABrokenFrameBreaksTheClipsItIsIn) {
  const TempDir directory;
  const fs::path frames = directory / "frames";
  make_numbered_frames(frames, 30);
  write_bytes(frames / "frame20.png", "no image");
  ClipRef before = clip_of(frames, "before");
  before.end_seconds = 0.5;
  const auto facts = inspect_video(frames, {clip_of(frames), before}, {});
  EXPECT_NE(facts[0].problem.find("frame20.png"), std::string::npos) << facts[0].problem;
  EXPECT_EQ(facts[1].problem, "");
  EXPECT_EQ(facts[1].frames, 13);
  EXPECT_EQ(facts[1].codec, "images");
  EXPECT_EQ(facts[1].largest_gop, 1);
}

TEST(ClipFacts, WhatTakesTooLongIsAProblem) {
  const TempDir directory;
  make_numbered_frames(directory / "frames", 5);
  InspectionOptions options;
  options.timeout_seconds = 0;
  const auto facts = inspect_video(directory / "frames", {clip_of(directory / "frames")}, options);
  EXPECT_NE(facts[0].problem.find("has not been read within"), std::string::npos) << facts[0].problem;
}

}  // namespace
}  // namespace actrec
