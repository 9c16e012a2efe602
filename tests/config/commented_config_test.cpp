#include <gtest/gtest.h>

#include "config/config_files.h"
#include "config/describe.h"
#include "core/text.h"

namespace actrec {
namespace {

class CommentedConfig : public ConfigFiles {};

TEST_F(CommentedConfig, OfTheDefaultsLoadsBackAsTheDefaults) {
  const std::string text = commented_config(Settings());
  EXPECT_EQ(settings_to_json(load_settings({write("a.json", text), {}})), settings_to_json(Settings()));
  for (const std::string& line : split(text, '\n')) {
    if (line.find("//") != std::string::npos) {
      EXPECT_LE(line.size(), 100U) << line;
    }
  }
  for (const SettingDescription& setting : describe_settings()) {
    const std::string name = setting.key.substr(setting.key.rfind('.') + 1);
    EXPECT_NE(text.find("\"" + name + "\": " + setting.default_value), std::string::npos) << setting.key;
  }
}

TEST_F(CommentedConfig, OfOtherSettingsLoadsBackAsThose) {
  Settings settings;
  settings.data.path = "/vidéos/a \"b\" /*c*";
  settings.train.epochs = 3;
  settings.normalize.type = NormalizationType::values;
  settings.normalize.mean = {0.1, 0.2, 0.3};
  settings.normalize.std = {0.4, 0.5, 0.6};
  const std::filesystem::path file = write("a.json", commented_config(settings));
  EXPECT_EQ(settings_to_json(load_settings({file, {}})), settings_to_json(settings));
}

TEST_F(CommentedConfig, OfSomeKeysHasOnlyTheseAndTheirSections) {
  Settings settings;
  settings.train.epochs = 3;
  EXPECT_EQ(commented_config(settings, {"train.epochs", "model.temporal.layers", "threads"}),
            R"({
  // Cores to use in all; 0 uses every core this process may run on (0 to 1024)
  "threads": 0,
  // The network
  "model": {
    // The network that sees the sequence
    "temporal": {
      // Stacked LSTM or GRU layers (1 to 16)
      "layers": 1
    }
  },
  // Optimisation
  "train": {
    // Most epochs to train (1 to 1000000)
    "epochs": 3
  }
}
)");
}

TEST_F(CommentedConfig, TakesAWholeSection) {
  const std::string text = commented_config(Settings(), {"train.early_stopping"});
  EXPECT_NE(text.find("\"min_delta\""), std::string::npos);
  EXPECT_EQ(text.find("\"epochs\""), std::string::npos);
  EXPECT_NO_THROW(load_settings({write("a.json", text), {}}));
}

TEST_F(CommentedConfig, RefusesUnknownKeys) {
  EXPECT_THROW(commented_config(Settings(), {"train.epoch"}), ConfigError);
}

}  // namespace
}  // namespace actrec
