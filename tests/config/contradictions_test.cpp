#include <gtest/gtest.h>

#include "config/config_file.h"

namespace actrec {
namespace {

using Sentences = std::vector<std::string>;

TEST(Contradictions, DefaultsHaveNone) { EXPECT_EQ(find_contradictions(Settings()), Sentences()); }

TEST(Contradictions, Folds) {
  Settings settings;
  settings.data.split.folds = 5;
  settings.data.split.fold = 4;
  EXPECT_EQ(find_contradictions(settings), Sentences());
  settings.data.split.fold = 5;
  EXPECT_EQ(find_contradictions(settings),
            Sentences{"data.split.fold: 5 must be below data.split.folds, which is 5"});
  settings.data.split.folds = 0;
  EXPECT_EQ(find_contradictions(settings), Sentences()) << "off";
  settings.data.split.folds = 1;
  EXPECT_EQ(find_contradictions(settings),
            Sentences{"data.split.folds: 1 fold leaves nothing to train on; use 0 or at least 2"});
}

TEST(Contradictions, SplitShares) {
  Settings settings;
  settings.data.split.val = 0.45;
  settings.data.split.test = 0.45;
  EXPECT_EQ(find_contradictions(settings), Sentences());
  settings.data.split.test = 0.5;
  EXPECT_EQ(find_contradictions(settings),
            Sentences{"data.split.val 0.45 and data.split.test 0.5 leave less than a tenth of the clips to "
                      "train on"});
}

TEST(Contradictions, GroupPattern) {
  Settings settings;
  settings.data.split.group_pattern = "_g([0-9]+)_";
  EXPECT_EQ(find_contradictions(settings), Sentences());
  settings.data.split.group_pattern = "_g[0-9]+_";
  EXPECT_EQ(find_contradictions(settings),
            Sentences{"data.split.group_pattern: '_g[0-9]+_' has no ( ) to capture the group with"});
  settings.data.split.group_pattern = "(_g";
  const Sentences found = find_contradictions(settings);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].rfind("data.split.group_pattern: '(_g' is not a regular expression", 0), 0U) << found[0];
}

TEST(Contradictions, Device) {
  Settings settings;
  for (const char* good : {"auto", "cpu", "cuda", "cuda:0", "cuda:12"}) {
    settings.device = good;
    EXPECT_EQ(find_contradictions(settings), Sentences()) << good;
  }
  for (const char* bad : {"", "gpu", "CUDA", "cuda:", "cuda:x", "cuda:99999999999", "cpu:0", " cpu"}) {
    settings.device = bad;
    EXPECT_EQ(find_contradictions(settings),
              Sentences{std::string("device: '") + bad + "' must be auto, cpu, cuda or cuda:N"});
  }
}

TEST(Contradictions, Model) {
  Settings settings;
  settings.model.encoder.channels.clear();
  settings.model.temporal.dropout = 0.5;
  const Sentences found = find_contradictions(settings);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].rfind("model.encoder.channels: is empty", 0), 0U);
  EXPECT_EQ(found[1].rfind("model.temporal.dropout: 0.5 acts between stacked layers", 0), 0U);
  settings.model.encoder.type = EncoderType::dense;
  settings.model.temporal.layers = 2;
  EXPECT_EQ(find_contradictions(settings), Sentences());
  settings.model.temporal.layers = 1;
  settings.model.temporal.type = TemporalType::mean;
  EXPECT_EQ(find_contradictions(settings), Sentences()) << "the baseline runs on any configuration";
}

TEST(Contradictions, WarmUp) {
  Settings settings;
  settings.train.epochs = 2;
  settings.train.schedule.warmup_epochs = 2;
  EXPECT_EQ(find_contradictions(settings), Sentences());
  settings.train.schedule.warmup_epochs = 2.5;
  EXPECT_EQ(find_contradictions(settings),
            Sentences{"train.schedule.warmup_epochs: 2.5 is longer than train.epochs, which is 2"});
}

}  // namespace
}  // namespace actrec
