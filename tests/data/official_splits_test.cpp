#include "data/official_splits.h"

#include "data/dataset_tree.h"
#include "data/splits.h"

namespace actrec {
namespace {

using testing::contains;
using testing::DatasetTree;
using testing::expect_unreadable;
using testing::LogCapture;
using testing::summary;
using Lines = std::vector<std::string>;

// Three classes as in the published lists: CRLF line ends, and a folder that spells its class differently
// from its files.
class Ucf101 : public ::testing::Test {
 protected:
  Ucf101() {
    tree_.file("lists/classInd.txt", "1 ApplyEyeMakeup\r\n2 HandstandPushups\r\n3 YoYo\r\n");
    tree_.file(
        "lists/trainlist01.txt",
        "ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 1\r\nApplyEyeMakeup/v_ApplyEyeMakeup_g09_c02.avi 1\r\n"
        "HandstandPushups/v_HandStandPushups_g08_c01.avi 2\r\nYoYo/v_YoYo_g08_c01.avi 3\r\n");
    tree_.file("lists/testlist01.txt",
               "ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi\r\nYoYo/v_YoYo_g01_c01.avi\r\n");
  }
  void videos(const std::string& folder) const {
    for (const char* name :
         {"ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi", "ApplyEyeMakeup/v_ApplyEyeMakeup_g09_c02.avi",
          "ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi", "HandstandPushups/v_HandStandPushups_g08_c01.avi",
          "YoYo/v_YoYo_g01_c01.avi"}) {
      tree_.file(folder + name);
    }
    tree_.frames(folder + "YoYo/v_YoYo_g08_c01");
  }
  const DatasetTree tree_;
};

TEST_F(Ucf101, ReadsTheOfficialSplit) {
  videos("UCF-101/");
  const DatasetIndex index = read_dataset(tree_.settings("lists"));
  EXPECT_EQ(index.format, "UCF101 official split 1");
  EXPECT_EQ(index.official_split, 1);
  EXPECT_EQ(
      summary(index),
      (Lines{"ApplyEyeMakeup: ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi g=ApplyEyeMakeup_g01 test",
             "ApplyEyeMakeup: ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi g=ApplyEyeMakeup_g08 train",
             "ApplyEyeMakeup: ApplyEyeMakeup/v_ApplyEyeMakeup_g09_c02.avi g=ApplyEyeMakeup_g09 train",
             "HandstandPushups: HandstandPushups/v_HandStandPushups_g08_c01.avi g=HandStandPushups_g08 train",
             "YoYo: YoYo/v_YoYo_g01_c01.avi g=YoYo_g01 test",
             "YoYo: YoYo/v_YoYo_g08_c01.avi g=YoYo_g08 train"}));
  EXPECT_TRUE(std::filesystem::equivalent(index.clips[5].path, tree_.root() / "UCF-101/YoYo/v_YoYo_g08_c01"));
}

TEST_F(Ucf101, FindsVideosBesideTheListsAndWithoutClassFolders) {
  videos("lists/");
  EXPECT_EQ(read_dataset(tree_.settings("lists")).clips.size(), 6u);

  for (const char* name :
       {"v_ApplyEyeMakeup_g08_c01.avi", "v_ApplyEyeMakeup_g09_c02.avi", "v_ApplyEyeMakeup_g01_c01.avi",
        "v_HandStandPushups_g08_c01.avi", "v_YoYo_g01_c01.avi", "v_YoYo_g08_c01.avi"}) {
    tree_.file(std::string("flat/") + name);
  }
  DataSettings settings = tree_.settings("lists");
  settings.videos = tree_.root() / "flat";
  const DatasetIndex flat = read_dataset(settings);
  ASSERT_EQ(flat.clips.size(), 6u);
  EXPECT_EQ(flat.clips[0].path, tree_.root() / "flat/v_ApplyEyeMakeup_g01_c01.avi");
  EXPECT_EQ(flat.clips[0].name, "ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi");
}

TEST_F(Ucf101, TakesTheSplitAskedFor) {
  videos("UCF-101/");
  tree_.file(
      "lists/trainlist02.txt",
      "ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi 1\nHandstandPushups/v_HandStandPushups_g08_c01.avi 2\n"
      "YoYo/v_YoYo_g01_c01.avi 3\n");
  tree_.file("lists/testlist02.txt", "YoYo/v_YoYo_g08_c01.avi\n");
  DataSettings settings = tree_.settings("lists");
  settings.split.official = 2;
  EXPECT_EQ(read_dataset(settings).clips.size(), 4u);
  settings.split.official = 3;
  expect_unreadable(settings, {"trainlist03.txt"});
}

TEST_F(Ucf101, NamesTheLinesThatAreWrong) {
  videos("UCF-101/");
  tree_.file(
      "lists/testlist01.txt",
      "YoYo/v_YoYo_g77_c01.avi\nYoyo/v_YoYo_g01_c01.avi\nYoYo/v_YoYo_g01_c01.avi 1\nv_YoYo_g01_c01.avi\n");
  expect_unreadable(
      tree_.settings("lists"),
      {"testlist01.txt:1: no video 'YoYo/v_YoYo_g77_c01.avi'", "testlist01.txt:2: class 'Yoyo'",
       "testlist01.txt:3: class 'YoYo' is not number 1", "testlist01.txt:4:", "not CLASS/VIDEO"});
}

TEST_F(Ucf101, RefusesAClipInBothLists) {
  videos("UCF-101/");
  tree_.file("lists/testlist01.txt", "YoYo/v_YoYo_g08_c01.avi\n");
  expect_unreadable(tree_.settings("lists"), {"testlist01.txt:1", "listed before", "trainlist01.txt:4"});
}

TEST_F(Ucf101, RefusesABrokenClassList) {
  videos("UCF-101/");
  tree_.file("lists/classInd.txt", "1 ApplyEyeMakeup\nHandstandPushups\n1 YoYo\n");
  expect_unreadable(tree_.settings("lists"), {"classInd.txt:2", "classInd.txt:3"});
}

class Hmdb51 : public ::testing::Test {
 protected:
  // Names and marks taken from the published split 1, trailing spaces included.
  Hmdb51() {
    add("brush_hair", {{"April_09_brush_hair_u_nm_np1_ba_goo_0", 1},
                       {"red_head_brush_hair_u_cm_np1_fr_goo_1", 2},
                       {"Brushing_Her_Hair__[_NEW_AUDIO_]_UPDATED!!!!_brush_hair_h_cm_np1_le_goo_3", 0}});
    add("chew", {{"#2_Gum_chew_h_nm_np1_fr_med_0", 1},
                 {"LittleChildren_chew_h_nm_np1_fr_goo_7", 1},
                 {"chewing_gum_1_chew_h_nm_np1_fr_goo_0", 2}});
    add("kick_ball", {{"Goal_1_&_2_kick_ball_f_cm_np1_fr_goo_2", 1},
                      {"LittleChildren_kick_ball_l_cm_np1_ri_bad_4", 2},
                      {"metacafe_coolsoccer_kick_ball_u_cm_np10_ba_bad_9", 1}});
  }
  void add(const std::string& name, const std::vector<std::pair<std::string, int>>& clips) const {
    std::string list;
    for (const auto& [clip, mark] : clips) {
      list += clip + ".avi " + std::to_string(mark) + " \n";
      if (mark != 0) tree_.file("hmdb51_org/" + name + "/" + clip + ".avi");
    }
    tree_.file("lists/" + name + "_test_split1.txt", list);
  }
  const DatasetTree tree_;
};

TEST_F(Hmdb51, ReadsTheOfficialSplit) {
  const DatasetIndex index = read_dataset(tree_.settings("lists"));
  EXPECT_EQ(index.format, "HMDB51 official split 1");
  EXPECT_EQ(
      summary(index),
      (Lines{"brush_hair: brush_hair/April_09_brush_hair_u_nm_np1_ba_goo_0.avi g=April_09 train",
             "brush_hair: brush_hair/red_head_brush_hair_u_cm_np1_fr_goo_1.avi g=red_head test",
             "chew: chew/#2_Gum_chew_h_nm_np1_fr_med_0.avi g=#2_Gum train",
             "chew: chew/LittleChildren_chew_h_nm_np1_fr_goo_7.avi g=LittleChildren train",
             "chew: chew/chewing_gum_1_chew_h_nm_np1_fr_goo_0.avi g=chewing_gum_1 test",
             "kick_ball: kick_ball/Goal_1_&_2_kick_ball_f_cm_np1_fr_goo_2.avi g=Goal_1_&_2 train",
             "kick_ball: kick_ball/LittleChildren_kick_ball_l_cm_np1_ri_bad_4.avi g=LittleChildren test",
             "kick_ball: kick_ball/metacafe_coolsoccer_kick_ball_u_cm_np10_ba_bad_9.avi "
             "g=metacafe_coolsoccer train"}));
}

// The published splits share films between classes (LittleChildren), and are used as they are.
TEST_F(Hmdb51, KeepsToThePublishedProtocol) {
  add("chew", {{"A_chew_h_nm_np1_fr_med_0", 1},
               {"B_chew_h_nm_np1_fr_med_0", 1},
               {"LittleChildren_chew_h_nm_np1_fr_goo_7", 1}});
  const LogCapture log;
  const DataSplits splits = make_splits(read_dataset(tree_.settings("lists")), SplitSettings{}, 1);
  EXPECT_TRUE(contains(splits.method, "official split 1")) << splits.method;
  EXPECT_TRUE(contains(log.text(), "info: official split 1: 1 group in more than one split")) << log.text();
}

TEST_F(Hmdb51, NamesTheLinesThatAreWrong) {
  tree_.file("lists/chew_test_split1.txt", "gone_chew_h_nm_np1_fr_med_0.avi 1\nx.avi 3\nx.avi\n");
  expect_unreadable(tree_.settings("lists"),
                    {"chew_test_split1.txt:1: no video", "chew_test_split1.txt:2: 'x.avi 3'",
                     "chew_test_split1.txt:3: 'x.avi'"});
}

TEST_F(Hmdb51, SaysWhichSplitIsMissing) {
  DataSettings settings = tree_.settings("lists");
  settings.split.official = 2;
  expect_unreadable(settings, {"lists has no CLASS_test_split2.txt"});
}

TEST_F(Hmdb51, RefusesAClassWithoutClips) {
  tree_.file("lists/jump_test_split1.txt", "x.avi 0\n");
  expect_unreadable(tree_.settings("lists"), {"class 'jump' has no clips"});
}

}  // namespace
}  // namespace actrec
