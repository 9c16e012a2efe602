#include "data/leakage.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "log_capture.h"
#include "video_fixtures.h"

namespace actrec {
namespace {

using namespace actrec::testing;

class LeakageTest : public ::testing::Test {
 protected:
  LeakageTest() {
    splits_.classes = {"a", "b"};
    splits_.method = "as given";
    for (int i = 0; i < 4; ++i) {
      add(splits_.train, fmt::format("train{}", i), fmt::format("train {}", std::string(1 + i, 'x')));
      add(splits_.val, fmt::format("val{}", i), fmt::format("val {}", std::string(10 + i, 'x')));
      add(splits_.test, fmt::format("test{}", i), fmt::format("test {}", std::string(20 + i, 'x')));
    }
  }

  void add(std::vector<ClipRef>& split, const std::string& name, const std::string& bytes) {
    write_bytes(directory_ / name, bytes);
    ClipRef clip = clip_of(directory_ / name, name);
    clip.label = 0;
    split.push_back(clip);
  }
  LeakAudit audit() {
    Manifest manifest;
    return audit_splits(splits_, manifest, 2);
  }
  std::vector<std::string> texts() {
    std::vector<std::string> texts;
    for (const Leak& leak : audit().leaks) texts.push_back(leak_text(leak));
    return texts;
  }
  using Texts = std::vector<std::string>;

  TempDir directory_;
  DataSplits splits_;
};

TEST_F(LeakageTest, NothingIsSharedByDifferentFiles) {
  EXPECT_EQ(texts(), Texts());
  EXPECT_EQ(audit().verdict(), "none found: compared files, contents; groups are not known");
  EXPECT_FALSE(audit().leaking());
}

TEST_F(LeakageTest, AFileIsTheSameUnderAnyName) {
  fs::create_symlink(splits_.train[1].path, directory_ / "link");
  fs::create_hard_link(splits_.train[2].path, directory_ / "hard");
  splits_.test.push_back(clip_of(directory_ / "link", "link"));
  splits_.val.push_back(clip_of(directory_ / "hard", "hard"));
  const Texts found = texts();
  EXPECT_EQ(found.size(), 2u);
  EXPECT_EQ(std::count(found.begin(), found.end(), "the same file: 'train1' (train) and 'link' (test)"), 1);
  EXPECT_EQ(std::count(found.begin(), found.end(), "the same file: 'train2' (train) and 'hard' (val)"), 1);
  EXPECT_EQ(audit().verdict(), "LEAK: 2 files in two splits");
}

TEST_F(LeakageTest, PartsOfOneVideoAreLeaksToo) {
  ClipRef part = splits_.train[0];
  part.name = "part";
  part.begin_seconds = 5;
  splits_.test.push_back(part);
  EXPECT_EQ(texts(), Texts{"parts of one video: 'train0' (train) and 'part' (test)"});
}

TEST_F(LeakageTest, AContentIsTheSameInAnyFile) {
  fs::copy_file(splits_.val[1].path, directory_ / "copy");
  splits_.test.push_back(clip_of(directory_ / "copy", "copy"));
  fs::copy_file(splits_.train[1].path, directory_ / "harmless");  // in the same split
  splits_.train.push_back(clip_of(directory_ / "harmless", "harmless"));
  EXPECT_EQ(texts(), Texts{"the same content: 'val1' (val) and 'copy' (test)"});
  EXPECT_EQ(audit().verdict(), "LEAK: 1 content in two splits");
}

TEST_F(LeakageTest, TheSizeAloneSaysNothing) {
  write_bytes(directory_ / "other", "vax xxxxxxxxxxx");
  ASSERT_EQ(fs::file_size(directory_ / "other"), fs::file_size(splits_.val[1].path));
  splits_.test.push_back(clip_of(directory_ / "other", "other"));
  EXPECT_EQ(texts(), Texts());
}

TEST_F(LeakageTest, AGroupMustStayInOneSplit) {
  int number = 0;
  for (auto* split : {&splits_.train, &splits_.val, &splits_.test}) {
    for (ClipRef& clip : *split) clip.group = fmt::format("g{}", number++);
  }
  EXPECT_EQ(audit().verdict(), "none found: compared files, contents, groups");
  splits_.test[2].group = splits_.train[3].group;
  EXPECT_EQ(texts(), Texts{"group 'g3': 'train3' (train) and 'test2' (test)"});
  EXPECT_EQ(audit().verdict(), "LEAK: 1 group in two splits");
  // HMDB51's published splits do that.
  splits_.method = "official split 1, val from train by group";
  EXPECT_FALSE(audit().leaking());
  EXPECT_EQ(audit().verdict(),
            "none found: compared files, contents, groups; 1 group in two splits, as published");
}

TEST_F(LeakageTest, NearDuplicatesAreFoundByWhatTheManifestKnows) {
  const auto look = [](int from) {
    PerceptualHasher hasher;
    for (int i = 0; i < 12; ++i) {
      cv::Mat frame(100, 80, CV_8UC3, cv::Scalar::all(60));
      frame(cv::Rect((from + 5 * i) % 70, 20 + from % 30, 10, 20)).setTo(cv::Scalar::all(250));
      hasher.add(frame);
    }
    ClipFacts facts;
    facts.frames = 12;
    facts.content_hash = std::to_string(from);
    facts.look = hasher.hash();
    return facts;
  };
  Manifest manifest;
  int from = 0;
  for (const auto* split : {&splits_.train, &splits_.val}) {
    for (const ClipRef& clip : *split) manifest.set(clip, look(from += 7));
  }
  ClipFacts copy = look(7 * 2), mirrored = look(7 * 5);
  copy.content_hash = "another file";
  mirrored.content_hash = "a third";
  mirrored.look = mirrored.look->mirrored();
  manifest.set(splits_.test[0], copy);
  manifest.set(splits_.test[1], mirrored);
  const LeakAudit found = audit_splits(splits_, manifest, 3);
  ASSERT_EQ(found.leaks.size(), 2u);
  EXPECT_EQ(leak_text(found.leaks[0]), "they look alike: 'train1' (train) and 'test0' (test)");
  EXPECT_EQ(leak_text(found.leaks[1]),
            "one looks like the other's mirror image: 'val0' (val) and 'test1' (test)");
  EXPECT_EQ(found.verdict(), "LEAK: 2 near-duplicates in two splits");
  splits_.test.resize(4);
  splits_.test.erase(splits_.test.begin(), splits_.test.begin() + 2);
  EXPECT_EQ(audit_splits(splits_, manifest, 1).verdict(),
            "none found: compared files, contents, near-duplicates (8 of 10 clips); groups are not known");
}

TEST(Manifest, FactsComeBackUntilTheVideoChanges) {
  const TempDir directory;
  write_bytes(directory / "a.mp4", "a");
  write_bytes(directory / "b.mp4", "b");
  ClipRef a = clip_of(directory / "a.mp4", "a"), b = clip_of(directory / "b.mp4", "b");
  a.label = 0;
  b.label = 1;
  b.begin_seconds = 1.5;
  ClipFacts facts;
  facts.frames = 7;
  facts.header_frames = 8;
  facts.frames_per_second = 29.97;
  facts.seconds = 0.25;
  facts.width = 320;
  facts.height = 240;
  facts.rotation_degrees = 90;
  facts.codec = "h264";
  facts.largest_gop = 12;
  facts.decode_ms = 1.25;
  facts.content_hash = "abc";
  facts.look = PerceptualHash();
  facts.look->values[3] = -5;
  ClipFacts broken;
  broken.problem = "is broken";
  Manifest manifest;
  manifest.set(a, facts);
  manifest.set(b, broken);
  manifest.write(directory / "new/m.json", {{"data", "here"}}, {a, b}, {"x", "y"});

  Manifest again(directory / "new/m.json");
  const ClipFacts* found = again.find(a);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->frames, 7);
  EXPECT_EQ(found->header_frames, 8);
  EXPECT_EQ(found->frames_per_second, 29.97);
  EXPECT_EQ(found->seconds, 0.25);
  EXPECT_EQ(found->width, 320);
  EXPECT_EQ(found->height, 240);
  EXPECT_EQ(found->rotation_degrees, 90);
  EXPECT_EQ(found->codec, "h264");
  EXPECT_EQ(found->largest_gop, 12);
  EXPECT_EQ(found->decode_ms, 1.25);
  EXPECT_EQ(found->content_hash, "abc");
  EXPECT_EQ(found->look->values, facts.look->values);
  EXPECT_EQ(found->problem, "");
  ASSERT_NE(again.find(b), nullptr);
  EXPECT_EQ(again.find(b)->problem, "is broken");
  EXPECT_FALSE(again.find(b)->look.has_value());

  b.begin_seconds = 2;  // another part
  EXPECT_EQ(again.find(b), nullptr);
  write_bytes(directory / "a.mp4", "changed");
  EXPECT_EQ(again.find(a), nullptr);
}

TEST(Manifest, ADamagedOneIsPassedOver) {
  const LogCapture log;
  const TempDir directory;
  for (const char* text : {"", "{", "[]", R"({"version": 1})", R"({"version": 1, "clips": [{"clip": 3}]})",
                           R"({"version": 1, "clips": [{"clip": "a", "identity": "b", "frames": "c"}]})"}) {
    write_bytes(directory / "m.json", text);
    Manifest manifest(directory / "m.json");
    EXPECT_EQ(manifest.find(clip_of("a", "a")), nullptr) << text;
  }
  EXPECT_NE(log.text().find("m.json is damaged"), std::string::npos);
}

}  // namespace
}  // namespace actrec
