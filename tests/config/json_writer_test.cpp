#include <gtest/gtest.h>

#include "config/config_file.h"
#include "config/values.h"
#include "config/walk.h"

namespace actrec {
namespace {

// A valid value other than the default, for each type; single-valued choices have none.
void change(bool& value, const Limits&) { value = !value; }
void change(int& value, const Limits& limits) { value += value + 2 <= limits.high ? 2 : -1; }
void change(std::uint64_t& value, const Limits&) { value = 9007199254740991ULL; }
void change(double& value, const Limits& limits) { value += std::min(1.0, limits.high - value) / 3; }
void change(std::string& value, const Limits&) { value = "(ä\"\\d)"; }
void change(std::filesystem::path& value, const Limits&) { value = "/vidéos/ä b"; }
void change(std::vector<int>& value, const Limits&) { value = {7, 1}; }
void change(Range& value, const Limits&) { value = {value.low / 3 + value.high * 2 / 3, value.high}; }
void change(FrameSize& value, const Limits&) { value = {33, 44}; }
void change(TrainableStages& value, const Limits&) { value.last = 3; }
void change(Normalization& value, const Limits&) {
  value.type = NormalizationType::values;
  value.mean = {0.1, 1.0 / 3, 0.7};
  value.std = {0.2, 2.0 / 3, 1};
}
template <typename E, typename = std::enable_if_t<std::is_enum_v<E>>>
void change(E& value, const Limits&) {
  value = static_cast<E>((static_cast<std::size_t>(value) + 1) % Names<E>::kSpellings.size());
}

TEST(JsonWriter, EverySettingSurvivesTheRoundTrip) {
  Settings settings;
  for_each_field(settings, [](const std::string&, auto& value, const Limits& limits, const char*) {
    change(value, limits);
  });
  settings.device = "cuda:1";
  settings.data.split.by = SplitBy::random;  // `given` splits have no folds
  settings.data.split.fold = 1;              // below folds, which is 2
  settings.clip.decode_size = 256;           // no smaller than clip.size

  // As text, since that is how it is kept.
  const Json document = Json::parse(settings_to_json(settings).dump());
  const Settings back = settings_from_json(document, "document");
  EXPECT_EQ(settings_to_json(back), document);

  const Json defaults = settings_to_json(Settings());
  for_each_field(back, [&](const std::string& key, const auto& value, const Limits&, const char*) {
    std::string pointer = "/" + key;
    std::replace(pointer.begin(), pointer.end(), '.', '/');
    const Json::json_pointer place(pointer);
    EXPECT_EQ(write_value(value), document.at(place)) << key;
    EXPECT_NE(write_value(value), defaults.at(place)) << key << " was not changed";
  });
}

TEST(JsonWriter, WritesSectionsInDeclarationOrder) {
  const Json document = settings_to_json(Settings());
  std::vector<std::string> names;
  for (const auto& [name, value] : document.items()) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"device", "threads", "normalize", "data", "clip", "augment",
                                             "model", "train"}));
  EXPECT_EQ(document["clip"]["size"], Json::array({112, 112}));
  EXPECT_EQ(document["normalize"], "encoder");
  EXPECT_EQ(document["train"]["epochs"], 60);
}

}  // namespace
}  // namespace actrec
