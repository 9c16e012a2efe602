#include "data/input_list.h"

#include <gtest/gtest.h>

#include <cmath>

#include "data/dataset_tree.h"
#include "data/video_fixtures.h"

namespace actrec::testing {
namespace {

std::vector<std::string> names(const std::vector<InputClip>& inputs) {
  std::vector<std::string> result;
  for (const InputClip& input : inputs) {
    EXPECT_EQ(input.error, "");
    result.push_back(input.clip.name);
  }
  return result;
}

class InputListTest : public ::testing::Test {
 protected:
  std::string at(const std::string& name) const { return (directory_ / name).string(); }
  void touch(const std::string& name, const std::string& content = "x") const {
    fs::create_directories((directory_ / name).parent_path());
    write_bytes(directory_ / name, content);
  }
  TempDir directory_;
};

TEST_F(InputListTest, AFileIsItself) {
  EXPECT_EQ(names(expand_input("/nowhere/a.mp4")), std::vector<std::string>{"/nowhere/a.mp4"});
}

TEST_F(InputListTest, AFolderIsAllVideosAndFrameFoldersBelow) {
  for (const char* name :
       {"b.mp4", "deep/er/a.AVI", "deep/notes.doc", ".hidden/c.mp4", "both/v.mp4", "both/01.jpg"})
    touch(name);
  make_numbered_frames(directory_ / "frames", 2);
  fs::create_directory_symlink(directory_.path(), directory_ / "deep" / "back");
  const std::vector<std::string> expected{at("b.mp4"), at("both/v.mp4"), at("deep/er/a.AVI"), at("frames")};
  EXPECT_EQ(names(expand_input(directory_.path().string())), expected);
  EXPECT_EQ(names(expand_input(at("frames"))), std::vector<std::string>{at("frames")});
}

TEST_F(InputListTest, AListIsItsPathsRelativeToIt) {
  touch("list.txt", "a.mp4\r\n\n  sub/b b.mp4  \n/c.mp4");
  EXPECT_EQ(names(expand_input(at("list.txt"))),
            (std::vector<std::string>{at("a.mp4"), at("sub/b b.mp4"), "/c.mp4"}));
  touch("paths", "a.mp4\n");
  EXPECT_EQ(names(expand_input("@" + at("paths"))), std::vector<std::string>{at("a.mp4")});
}

TEST_F(InputListTest, ATableMayHavePartsOfVideos) {
  touch("list.csv", "label,path,begin,end\nwave,a.mp4,1.5,3\nwave,a.mp4,,\n");
  const std::vector<InputClip> inputs = expand_input(at("list.csv"));
  EXPECT_EQ(names(inputs), (std::vector<std::string>{at("a.mp4[1.5,3]"), at("a.mp4")}));
  EXPECT_EQ(inputs[0].clip.path, at("a.mp4"));
  EXPECT_EQ(inputs[0].clip.begin_seconds, 1.5);
  EXPECT_EQ(inputs[0].clip.end_seconds, 3);
  EXPECT_TRUE(inputs[1].clip.whole());
}

TEST_F(InputListTest, SaysWhatIsWrong) {
  touch("no_path.csv", "file\na.mp4\n");
  touch("times.csv", "path,begin\na.mp4,soon\n");
  touch("order.csv", "path,begin,end\na.mp4,3,2\n");
  touch("empty.txt", "\n");
  fs::create_directory(directory_ / "nothing");
  for (const char* name : {"no_path.csv", "times.csv", "order.csv", "empty.txt", "nothing", "missing.csv"}) {
    const std::vector<InputClip> inputs = expand_input(at(name));
    ASSERT_EQ(inputs.size(), 1u);
    EXPECT_EQ(inputs[0].clip.name, at(name));
    EXPECT_NE(inputs[0].error.find(name), std::string::npos) << inputs[0].error;
  }
}

}  // namespace
}  // namespace actrec::testing
