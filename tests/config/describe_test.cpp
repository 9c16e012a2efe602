#include "config/describe.h"

#include <gtest/gtest.h>

#include <set>

#include "config/config_file.h"
#include "config/keys.h"
#include "core/error.h"
#include "core/text.h"

namespace actrec {
namespace {

using Lines = std::vector<std::string>;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(Describe, KnowsEveryLeafOfTheWrittenSettingsOnce) {
  // The writer is another walk over the declarations; flattened, it names the same keys.
  const nlohmann::json flat = nlohmann::json(settings_to_json(Settings())).flatten();
  const Lines keys = setting_keys();
  std::set<std::string> unique(keys.begin(), keys.end());
  EXPECT_EQ(unique.size(), keys.size());
  std::set<std::string> written;
  for (const auto& [pointer, value] : flat.items()) {
    Lines parts = split(pointer.substr(1), '/');
    const std::string last = parts.back();
    if (std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; })) parts.pop_back();
    written.insert(join(parts, "."));
  }
  EXPECT_EQ(unique, written);
}

TEST(Describe, Settings) {
  std::size_t seen = 0;
  for (const SettingDescription& setting : describe_settings()) {
    EXPECT_FALSE(setting.doc.empty()) << setting.key;
    EXPECT_FALSE(setting.type.empty()) << setting.key;
    EXPECT_TRUE(nlohmann::json::accept(setting.default_value)) << setting.key;
    if (setting.key == "train.epochs") {
      EXPECT_EQ(setting.type, "integer");
      EXPECT_EQ(setting.default_value, "60");
      EXPECT_EQ(setting.allowed, "1 to 1000000");
      ++seen;
    } else if (setting.key == "model.temporal.type") {
      EXPECT_EQ(setting.type, "choice");
      EXPECT_EQ(setting.default_value, "\"lstm\"");
      EXPECT_EQ(setting.allowed, "lstm | gru | mean");
      ++seen;
    } else if (setting.key == "augment.affine.scale") {
      EXPECT_EQ(setting.default_value, "[0.9, 1.1]");
      EXPECT_EQ(setting.allowed, "[low, high], each 0.05 to 20");
      ++seen;
    }
  }
  EXPECT_EQ(seen, 3U);
}

TEST(Describe, ExplainOne) {
  EXPECT_EQ(explain_settings("train.epochs"),
            "train.epochs\n    integer, default 60, allowed: 1 to 1000000\n    Most epochs to train\n");
}

TEST(Describe, ExplainASectionAndAll) {
  const std::string section = explain_settings("train.schedule");
  EXPECT_EQ(section.rfind("train.schedule.type\n", 0), 0U) << section;
  EXPECT_NE(section.find("\ntrain.schedule.patience\n"), std::string::npos);
  EXPECT_EQ(section.find("train.epochs"), std::string::npos);
  const std::string all = "\n" + explain_settings();
  for (const std::string& key : setting_keys()) EXPECT_EQ(count(all, "\n" + key + "\n"), 1U) << key;
  for (const std::string& line : split(all, '\n')) EXPECT_LE(line.size(), 100U) << line;
}

TEST(Describe, ExplainUnknown) {
  try {
    explain_settings("train.epoch");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "there is no setting 'train.epoch'");
    EXPECT_EQ(error.hint(), "did you mean 'train.epochs'?");
  }
}

TEST(Describe, MarkdownTable) {
  const Lines lines = split(settings_markdown(), '\n');
  ASSERT_EQ(lines.size(), setting_keys().size() + 3);
  EXPECT_EQ(lines[0], "| setting | default | allowed | what it does |");
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    // Five bars bound four cells; any other is escaped.
    EXPECT_EQ(count(lines[i], "|") - count(lines[i], "\\|"), 5U) << lines[i];
  }
  const std::string table = settings_markdown();
  EXPECT_NE(table.find("| `train.epochs` | `60` | `1 to 1000000` | Most epochs to train |"),
            std::string::npos);
  EXPECT_NE(table.find("`lstm \\| gru \\| mean`"), std::string::npos);
  EXPECT_NE(table.find("| small\\_cnn: output channels"), std::string::npos);
  EXPECT_NE(table.find("`_gNN_`"), std::string::npos) << "code is not escaped";
}

TEST(Describe, Diff) {
  Settings after;
  EXPECT_EQ(diff_settings(Settings(), after), Lines());
  after.train.epochs = 3;
  after.clip.size = {96, 128};
  after.normalize.type = NormalizationType::dataset;
  EXPECT_EQ(diff_settings(Settings(), after),
            (Lines{"normalize: \"encoder\" -> \"dataset\"", "clip.size: [112, 112] -> [96, 128]",
                   "train.epochs: 60 -> 3"}));
}

}  // namespace
}  // namespace actrec
