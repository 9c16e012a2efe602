#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "config/config_file.h"
#include "config/keys.h"

namespace actrec {
namespace {

using Sentences = std::vector<std::string>;

Sentences sentences(const Settings& settings) {
  Sentences texts;
  for (const Contradiction& found : find_contradictions(settings)) texts.push_back(found.text);
  return texts;
}

TEST(Contradictions, DefaultsHaveNone) { EXPECT_EQ(sentences(Settings()), Sentences()); }

TEST(Contradictions, Folds) {
  Settings settings;
  settings.data.split.folds = 5;
  settings.data.split.fold = 4;
  EXPECT_EQ(sentences(settings), Sentences());
  settings.data.split.fold = 5;
  EXPECT_EQ(sentences(settings), Sentences{"data.split.fold: 5 must be below data.split.folds, which is 5"});
  settings.data.split.folds = 0;
  EXPECT_EQ(sentences(settings), Sentences{"data.split.fold: 5 must be below data.split.folds, which is 0"});
  settings.data.split.fold = 0;
  EXPECT_EQ(sentences(settings), Sentences()) << "off";
  settings.data.split.folds = 1;
  EXPECT_EQ(sentences(settings),
            Sentences{"data.split.folds: 1 fold leaves nothing to train on; use 0 or at least 2"});
}

TEST(Contradictions, FoldsOfGivenSplits) {
  Settings settings;
  settings.data.split.by = SplitBy::given;
  EXPECT_EQ(sentences(settings), Sentences());
  settings.data.split.folds = 5;
  EXPECT_EQ(
      sentences(settings),
      Sentences{"data.split.by: given keeps the given splits, but data.split.folds divides the clips anew"});
}

TEST(Contradictions, SplitShares) {
  Settings settings;
  settings.data.split.val = 0.45;
  settings.data.split.test = 0.45;
  EXPECT_EQ(sentences(settings), Sentences());
  settings.data.split.test = 0.5;
  EXPECT_EQ(sentences(settings),
            Sentences{"data.split.val 0.45 and data.split.test 0.5 leave less than a tenth of the clips to "
                      "train on"});
}

TEST(Contradictions, GroupPattern) {
  Settings settings;
  settings.data.split.group_pattern = "_g([0-9]+)_";
  EXPECT_EQ(sentences(settings), Sentences());
  settings.data.split.group_pattern = "_g[0-9]+_";
  EXPECT_EQ(sentences(settings),
            Sentences{"data.split.group_pattern: '_g[0-9]+_' has no ( ) to capture the group with"});
  settings.data.split.group_pattern = "(_g";
  const Sentences found = sentences(settings);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].rfind("data.split.group_pattern: '(_g' is not a regular expression", 0), 0U) << found[0];
}

TEST(Contradictions, GroupPatternOfAnyLength) {
  Settings settings;
  settings.data.split.group_pattern = "(" + std::string(998, 'x') + ")";
  EXPECT_EQ(sentences(settings), Sentences());
  settings.data.split.group_pattern = std::string(60'000, '(');
  EXPECT_EQ(sentences(settings), Sentences{"data.split.group_pattern: '" + std::string(60, '(') +
                                           "...' is longer than 1000 bytes"});
}

TEST(Contradictions, NameEverySettingTheyAreAbout) {
  Settings settings;
  settings.device = "gpu";
  settings.data.split.by = SplitBy::given;
  settings.data.split.folds = 1;
  settings.data.split.fold = 1;
  settings.data.split.val = 0.9;
  settings.data.split.group_pattern = "x";
  settings.model.encoder.channels.clear();
  settings.model.temporal.dropout = 0.5;
  settings.train.epochs = 1;
  settings.train.schedule.warmup_epochs = 2;
  const std::vector<Contradiction> contradictions = find_contradictions(settings);
  EXPECT_EQ(contradictions.size(), 9U);
  for (const auto& [keys, text] : contradictions) {
    EXPECT_EQ(text.rfind(keys.at(0), 0), 0U) << text;
    for (const std::string& key : setting_keys()) {
      const bool is_named = std::regex_search(text, std::regex("(^|[^a-z_.])" + key + "($|[^a-z_.])"));
      const bool is_listed = std::find(keys.begin(), keys.end(), key) != keys.end();
      // "model.dropout acts before the classifier" is advice.
      EXPECT_TRUE(!is_named || is_listed || key == "model.dropout") << key << " in: " << text;
    }
    for (const std::string& key : keys) EXPECT_EQ(key_kind(key), KeyKind::setting) << key;
  }
}

TEST(Contradictions, Device) {
  Settings settings;
  for (const char* good : {"auto", "cpu", "cuda", "cuda:0", "cuda:12"}) {
    settings.device = good;
    EXPECT_EQ(sentences(settings), Sentences()) << good;
  }
  for (const char* bad : {"", "gpu", "CUDA", "cuda:", "cuda:x", "cuda:99999999999", "cpu:0", " cpu"}) {
    settings.device = bad;
    EXPECT_EQ(sentences(settings),
              Sentences{std::string("device: '") + bad + "' must be auto, cpu, cuda or cuda:N"});
  }
  settings.device = std::string(100'000, 'x');
  EXPECT_EQ(sentences(settings),
            Sentences{"device: '" + std::string(60, 'x') + "...' must be auto, cpu, cuda or cuda:N"});
}

TEST(Contradictions, Model) {
  Settings settings;
  settings.model.encoder.channels.clear();
  settings.model.temporal.dropout = 0.5;
  const Sentences found = sentences(settings);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].rfind("model.encoder.channels: is empty", 0), 0U);
  EXPECT_EQ(found[1].rfind("model.temporal.dropout: 0.5 acts between stacked layers", 0), 0U);
  settings.model.encoder.type = EncoderType::dense;
  settings.model.temporal.layers = 2;
  EXPECT_EQ(sentences(settings), Sentences());
  settings.model.temporal.layers = 1;
  settings.model.temporal.type = TemporalType::mean;
  EXPECT_EQ(sentences(settings), Sentences()) << "the baseline runs on any configuration";
}

TEST(Contradictions, PretrainedEncoders) {
  Settings settings;
  settings.model.encoder.type = EncoderType::torchscript;
  settings.model.encoder.trainable = TrainableStages::none();
  settings.model.encoder.unfreeze_epochs = 2;
  const Sentences found = sentences(settings);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].rfind("model.encoder.weights: is empty, but", 0), 0U);
  EXPECT_EQ(found[1].rfind("model.encoder.trainable: none of the encoder learns, but", 0), 0U);
  settings.model.encoder.weights = "encoder.pt";
  settings.model.encoder.trainable = {2};
  EXPECT_EQ(sentences(settings), Sentences());
}

TEST(Contradictions, DecodedFramesSmallerThanTheInput) {
  Settings settings;
  settings.clip.size = FrameSize(64, 112);
  settings.clip.decode_size = 64;
  EXPECT_EQ(sentences(settings), Sentences());
  settings.clip.decode_size = 63;
  EXPECT_EQ(sentences(settings),
            Sentences{"clip.decode_size: 63 is smaller than the network's input, clip.size 64x112"});
}

TEST(Contradictions, FramesTooSmallForSqueezeNet) {
  Settings settings;
  settings.model.encoder.type = EncoderType::squeezenet1_1;
  settings.clip.size = FrameSize(17, 17);
  EXPECT_EQ(sentences(settings), Sentences());
  settings.clip.size = FrameSize(64, 16);
  EXPECT_EQ(sentences(settings),
            Sentences{"clip.size: 64x16 is too small for model.encoder.type squeezenet1_1, "
                      "which needs 17 pixels a side"});
  settings.model.encoder.type = EncoderType::mobilenet_v2;
  EXPECT_EQ(sentences(settings), Sentences());
}

TEST(Contradictions, PlateauOfNothing) {
  Settings settings;
  settings.train.schedule.type = ScheduleType::plateau;
  EXPECT_EQ(sentences(settings), Sentences());
  settings.train.early_stopping.monitor = Monitor::none;
  ASSERT_EQ(sentences(settings).size(), 1U);
  EXPECT_EQ(sentences(settings)[0].rfind("train.schedule.type: plateau waits", 0), 0U);
}

TEST(Contradictions, WarmUp) {
  Settings settings;
  settings.train.epochs = 2;
  settings.train.schedule.warmup_epochs = 2;
  EXPECT_EQ(sentences(settings), Sentences());
  settings.train.schedule.warmup_epochs = 2.5;
  EXPECT_EQ(sentences(settings),
            Sentences{"train.schedule.warmup_epochs: 2.5 is longer than train.epochs, which is 2"});
}

}  // namespace
}  // namespace actrec
