#include "config/config_file.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "config/config_files.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

class ConfigFile : public ConfigFiles {};

TEST_F(ConfigFile, NoSourceGivesTheDefaults) {
  EXPECT_EQ(settings_to_json(load_settings({})), settings_to_json(Settings()));
}

TEST_F(ConfigFile, ReadsAFileWithComments) {
  const fs::path file = write("a.json", R"(// a recipe
{
  "$schema": "schema.json",
  "train": { "epochs": 3, /* short */ "seed": 7 },
  "clip": { "size": [96, 128] },  // [height, width]
  "augment": { "affine": { "rotate": [-45, 45] } },
  "model": { "encoder": { "channels": [8, 16] }, "temporal": { "type": "gru" } },
  "normalize": { "mean": [0.1, 0.2, 0.3], "std": [0.4, 0.5, 0.6] }
})");
  const Settings settings = load_settings({file, {}});
  EXPECT_EQ(settings.train.epochs, 3);
  EXPECT_EQ(settings.train.seed, 7U);
  EXPECT_EQ(settings.clip.size, FrameSize(96, 128));
  EXPECT_EQ(settings.augment.affine.rotate, Range(-45, 45));
  EXPECT_EQ(settings.model.encoder.channels, (std::vector<int>{8, 16}));
  EXPECT_EQ(settings.model.temporal.type, TemporalType::gru);
  EXPECT_EQ(settings.normalize.type, NormalizationType::values);
  EXPECT_EQ(settings.normalize.std, (std::array<double, 3>{0.4, 0.5, 0.6}));
  EXPECT_EQ(settings.train.batch_size, Settings().train.batch_size);
}

TEST_F(ConfigFile, EachKindOfErrorNamesFileAndKey) {
  EXPECT_EQ(problem_in(R"({"train": {"epochs": 0}})"),
            "train.epochs: 0 is out of range, allowed is 1 to 1000000");
  EXPECT_EQ(problem_in(R"({"train": {"epochs": 3.7}})"), "train.epochs: must be an integer, but is 3.7");
  EXPECT_EQ(problem_in(R"({"train": {"epochs": {"a": 1}}})"),
            "train.epochs: must be an integer, but is {\"a\": 1}");
  EXPECT_EQ(problem_in(R"({"train": 3})"), "train: is a section and must be an object { ... }, but is 3");
  EXPECT_EQ(problem_in(R"({"train": {"epochz": 3}})"),
            "train.epochz: unknown key, did you mean 'train.epochs'?");
  EXPECT_EQ(problem_in(R"({"train": {"hidden": 3}})"),
            "train.hidden: unknown key, did you mean 'model.temporal.hidden'?");
  EXPECT_EQ(problem_in(R"({"qqqqqqqqqqqq": 3})"), "qqqqqqqqqqqq: unknown key");
  EXPECT_EQ(problem_in(R"({"train.epochs": 3})"),
            R"(train.epochs: unknown key, sections are nested: "train": { "epochs": ... })");
  EXPECT_EQ(problem_in(R"({"model": {"temporal.hidden": 3}})"),
            R"(model.temporal.hidden: unknown key, sections are nested: "temporal": { "hidden": ... })");
  EXPECT_EQ(problem_in(R"({"data.split.by": "group"})"),
            R"(data.split.by: unknown key, sections are nested: "data": { "split": { "by": ... } })");
  EXPECT_EQ(problem_in(R"({"model": {"temporal": {"type": "lstn"}}})"),
            "model.temporal.type: must be one of lstm, gru, mean, but is \"lstn\", did you mean 'lstm'?");
  EXPECT_EQ(problem_in(R"({"train": {"epochs": 1, "epochs": 2}})"), "train.epochs: appears twice");
  EXPECT_EQ(problem_in(R"([1, 2])"), "must be a JSON object { ... }, but is [1, 2]");
  EXPECT_EQ(problem_in("{\n  \"train\": {\n    \"epochs\": 3,\n  }\n}"),
            "4:3: trailing comma before '}', remove the comma");
  EXPECT_EQ(problem_in(R"({"device": "gpu"})"), "device: 'gpu' must be auto, cpu, cuda or cuda:N");
  EXPECT_EQ(problem_in(R"({"data": {"split": {"folds": 3, "fold": 3}}})"),
            "data.split.fold: 3 must be below data.split.folds, which is 3");
}

TEST_F(ConfigFile, HintsPointToTheReference) {
  const auto hint = [this](const std::string& text) { return error_of({write("h.json", text), {}}).hint(); };
  EXPECT_EQ(hint(R"({"train": {"epochs": 0}})"),
            "`actrec config explain train.epochs` describes the setting");
  EXPECT_EQ(hint(R"({"train": {"epochs": 0, "seed": -1}})"),
            "`actrec config explain KEY` describes the setting");
  EXPECT_EQ(hint(R"({"train": {"epochz": 1}})"), "`actrec config explain` lists all settings");
  // Keys that are no settings: parts of a value, and what only files have.
  EXPECT_EQ(hint(R"({"normalize": {"mean": [0, 0, 0], "mean": [0, 0, 0], "std": [1, 1, 1]}})"),
            "`actrec config explain normalize` describes the setting");
  EXPECT_EQ(hint(R"({"normalize": {"meen": [0, 0, 0]}})"),
            "`actrec config explain normalize` describes the setting");
  EXPECT_EQ(hint(R"({"$schema": "a", "$schema": "b"})"), "");
  EXPECT_EQ(hint(R"({"device": "x: unknown key"})"), "");
  EXPECT_EQ(error_of({"", {"train.epochs=0"}}).exit_code(), ExitCode::usage);
}

TEST_F(ConfigFile, ReportsAllProblemsAtOnce) {
  write("base.json", R"({"clip": {"frames": 0}})");
  const fs::path file = write("a.json", R"({
    "extends": "base.json",
    "train": {"epochs": 0, "batch": 4, "precision": true, "schedule": {"warmup_epochs": 500}},
    "model": []
  })");
  EXPECT_EQ(what_of({file, {"train.seed=-1", "nothing"}}),
            "7 problems in " + at("a.json") + ":\n" +                                                       //
                "  " + at("base.json") + ": clip.frames: 0 is out of range, allowed is 1 to 4096\n" +       //
                "  " + at("a.json") + ": model: is a section and must be an object { ... }, but is []\n" +  //
                "  " + at("a.json") + ": train.epochs: 0 is out of range, allowed is 1 to 1000000\n" +      //
                "  " + at("a.json") +
                ": train.precision: must be one of fp32, tf32, bf16, but is true\n" +                     //
                "  " + at("a.json") + ": train.batch: unknown key, did you mean 'train.batch_size'?\n" +  //
                "  --set train.seed=-1: -1 is out of range, allowed is 0 to 9007199254740991\n" +         //
                "  --set nothing: must be KEY=VALUE, for example train.epochs=3");
}

TEST_F(ConfigFile, AContradictionAmongGoodValuesIsReportedWithOtherProblems) {
  const fs::path file =
      write("a.json", R"({"train": {"epochs": 0}, "data": {"split": {"folds": 1}}, "device": "gpu"})");
  const std::string what = what_of({file, {}});
  EXPECT_NE(what.find("3 problems"), std::string::npos) << what;
  EXPECT_NE(what.find("data.split.folds: 1 fold"), std::string::npos) << what;
  // Epochs that were refused leave the default of 60 behind, which a warm-up of 500 must not be held against.
  const fs::path other = write("b.json", R"({"train": {"epochs": 0, "schedule": {"warmup_epochs": 500}}})");
  EXPECT_EQ(what_of({other, {}}),
            at("b.json") + ": train.epochs: 0 is out of range, allowed is 1 to 1000000");
}

TEST_F(ConfigFile, OnlyContradictionsOfReportedKeysAreLeftOut) {
  const auto count = [this](const std::string& text) {
    const std::string what = what_of({write("c.json", text), {}});
    return std::count(what.begin(), what.end(), '\n') == 0 ? 1 : std::stoi(what);
  };
  EXPECT_EQ(count(R"({"e": 1, "device": "gpu", "data": {"split": {"folds": 1}}})"), 3);
  EXPECT_EQ(count(R"({"train": 3, "data": {"split": {"val": 0.6, "test": 0.6}}})"), 2);
  // A section that was refused is as bad as its settings.
  write("base.json", R"({"device": "gpu", "data": {"split": {"folds": 1}}})");
  EXPECT_EQ(count(R"({"extends": "base.json", "data": 3})"), 2);
}

TEST_F(ConfigFile, HostileTextsAreReportedInShort) {
  const std::string deep = std::string(20000, '[') + std::string(20000, ']');
  EXPECT_EQ(problem_in("{\"device\": " + deep + "}"), "1:75: nested more than 64 levels deep");
  EXPECT_EQ(what_of({"", {"clip.size=" + deep}}).substr(0, 17), "--set clip.size=[");
  const std::string name(1'000'000, 'x');
  EXPECT_EQ(problem_in("{\"" + name + "\": 1}"), name.substr(0, 60) + "...: unknown key");
  EXPECT_EQ(problem_in("{\"normalize\": {\"" + name + "\": 1, \"mean\": [0, 0, 0], \"std\": [1, 1, 1]}}"),
            "normalize: unknown key '" + name.substr(0, 60) + "...'");
}

TEST_F(ConfigFile, MissingEmptyAndForeignFiles) {
  EXPECT_EQ(what_of({at("none.json"), {}}), "cannot read " + at("none.json") + ": No such file or directory");
  EXPECT_EQ(what_of({folder_, {}}), folder_.string() + " is a directory, not a file");
  EXPECT_EQ(problem_in(""), "1:1: the text ends too early, expected '{'");
  const std::string binary("\x89PNG\r\n\x1a\n\0\0\xff\xfe", 12);
  EXPECT_EQ(problem_in(binary).find("exception"), std::string::npos);
}

TEST_F(ConfigFile, ExtendsMergesObjectsAndReplacesTheRest) {
  write("grand.json", R"({"train": {"epochs": 1, "batch_size": 2, "seed": 3},
      "normalize": {"mean": [0, 0, 0], "std": [1, 1, 1]}, "model": {"encoder": {"channels": [1, 2, 3]}}})");
  write("base.json", R"({"extends": "grand.json", "train": {"batch_size": 20}})");
  write("other.json", R"({"train": {"seed": 30}, "clip": {"frames": 5}})");
  const fs::path file = write("a.json", R"({"extends": ["base.json", "other.json"],
      "clip": {"frames": 7}, "normalize": "dataset", "model": {"encoder": {"channels": [9]}}})");
  const Settings settings = load_settings({file, {"train.epochs=100"}});
  EXPECT_EQ(settings.train.epochs, 100);
  EXPECT_EQ(settings.train.batch_size, 20);
  EXPECT_EQ(settings.train.seed, 30U);
  EXPECT_EQ(settings.clip.frames, 7);
  EXPECT_EQ(settings.normalize, Normalization(NormalizationType::dataset));
  EXPECT_EQ(settings.model.encoder.channels, std::vector<int>{9});
}

TEST_F(ConfigFile, ExtendsTheSameFileTwiceIsNoCycleAndReportsOnce) {
  write("d.json", R"({"train": {"epochs": 0}})");
  write("b.json", R"({"extends": "d.json"})");
  write("c.json", R"({"extends": "d.json"})");
  EXPECT_EQ(what_of({write("a.json", R"({"extends": ["b.json", "c.json"]})"), {}}),
            at("d.json") + ": train.epochs: 0 is out of range, allowed is 1 to 1000000");
}

TEST_F(ConfigFile, ExtendsCyclesNameTheChain) {
  const fs::path a = write("a.json", R"({"extends": "sub/b.json"})");
  write("sub/b.json", R"({"extends": "../a.json"})");
  EXPECT_EQ(what_of({a, {}}), at("sub/b.json") + ": extends: the files extend each other in a circle: " +
                                  at("a.json") + " -> " + at("sub/b.json") + " -> " + at("a.json"));
  const fs::path self = write("self.json", R"({"extends": "self.json"})");
  EXPECT_NE(what_of({self, {}}).find(at("self.json") + " -> " + at("self.json")), std::string::npos);
}

TEST_F(ConfigFile, ExtendsProblems) {
  EXPECT_EQ(problem_in(R"({"extends": "none.json"})"),
            "extends: cannot read " + at("none.json") + ": No such file or directory");
  EXPECT_EQ(problem_in(R"({"extends": 3})"),
            "extends: must be a file name or a list of file names, but is 3");
  EXPECT_EQ(problem_in(R"({"extends": ["b.json", 3]})"),
            "extends: must be a file name or a list of file names, but is [\"b.json\", 3]");
  EXPECT_EQ(problem_in(R"({"extends": ""})"),
            "extends: must be a file name or a list of file names, but is \"\"");
  EXPECT_EQ(problem_in(R"({"extends": "b.json\u0000"})"),
            R"(extends: must be a file name or a list of file names, but is "b.json\u0000")");
  EXPECT_EQ(problem_in(R"({"train": {"extends": "b.json"}})"), "train.extends: unknown key");
  write("broken.json", "{");
  EXPECT_EQ(what_of({write("a.json", R"({"extends": "broken.json"})"), {}}),
            at("broken.json") + ":1:2: the text ends too early, expected a key in double quotes");
}

TEST_F(ConfigFile, PathsOfAFileAreRelativeToIt) {
  write("base/b.json", R"({"data": {"path": "../films/ä ö", "videos": "/abs/./x/"}})");
  const fs::path file = write("run/a.json", R"({"extends": "../base/b.json"})");
  EXPECT_EQ(load_settings({file, {}}).data.path, folder_ / "films/ä ö");
  EXPECT_EQ(load_settings({file, {}}).data.videos, "/abs/x");
  EXPECT_EQ(load_settings({write("e.json", "{}"), {}}).data.path, "");
  EXPECT_EQ(load_settings({write("e.json", R"({"data": {"path": ""}})"), {}}).data.path, "");
  EXPECT_EQ(load_settings({write("e.json", R"({"data": {"path": "clips/"}})"), {}}).data.path,
            folder_ / "clips");
}

TEST_F(ConfigFile, PathsOfAFileNamedRelativelyAreAbsoluteToo) {
  write("sub/a.json", R"({"data": {"path": "x"}})");
  const fs::path relative = fs::relative(folder_ / "sub/a.json");
  ASSERT_TRUE(relative.is_relative());
  EXPECT_EQ(load_settings({relative, {}}).data.path, folder_ / "sub/x");
}

TEST_F(ConfigFile, NonAsciiFileNamesAndValues) {
  write("grün/базa.json", R"({"data": {"path": "видео"}, "train": {"epochs": 4}})");
  const fs::path file = write("日本.json", R"({"extends": "grün/базa.json"})");
  EXPECT_EQ(load_settings({file, {}}).data.path, folder_ / "grün" / "видео");
  EXPECT_EQ(what_of({write("é.json", R"({"träin": 1})"), {}}),
            at("é.json") + ": träin: unknown key, did you mean 'train'?");
}

TEST_F(ConfigFile, PathsAreUtf8) {
  const fs::path file = write("caf\xE9/a.json", R"({"data": {"path": "videos"}})");
  EXPECT_EQ(what_of({file, {}}), file.string() + ": data.path: lies in a directory whose name is not UTF-8");
  const fs::path absolute = write("caf\xE9/b.json", R"({"data": {"path": "/videos"}})");
  EXPECT_EQ(load_settings({absolute, {}}).data.path, "/videos");
  const fs::path none = write("caf\xE9/c.json", R"({"train": {"epochs": 3}})");
  EXPECT_EQ(load_settings({none, {}}).train.epochs, 3);
}

TEST_F(ConfigFile, OverridesTakeEveryType) {
  const Settings settings = load_settings(
      {"",
       {"train.epochs=5", "train.learning_rate=1e-4", "augment.enabled=false", "clip.size=96",
        "augment.affine.scale=[0.8, 1.2]", "model.encoder.channels=[4,8]", "model.temporal.type=mean",
        "train.early_stopping.monitor=\"val_top1\"", "data.path=clips/ä=b.csv",
        "data.split.group_pattern=([0-9]+)", "normalize=dataset", R"(data.split={"folds": 4, "fold": 2})"}});
  EXPECT_EQ(settings.train.epochs, 5);
  EXPECT_EQ(settings.train.learning_rate, 1e-4);
  EXPECT_FALSE(settings.augment.enabled);
  EXPECT_EQ(settings.clip.size, FrameSize(96, 96));
  EXPECT_EQ(settings.augment.affine.scale, Range(0.8, 1.2));
  EXPECT_EQ(settings.model.encoder.channels, (std::vector<int>{4, 8}));
  EXPECT_EQ(settings.model.temporal.type, TemporalType::mean);
  EXPECT_EQ(settings.train.early_stopping.monitor, Monitor::val_top1);
  EXPECT_EQ(settings.data.path, fs::current_path() / "clips/ä=b.csv");
  EXPECT_EQ(settings.data.split.group_pattern, "([0-9]+)");
  EXPECT_EQ(settings.normalize.type, NormalizationType::dataset);
  EXPECT_EQ(settings.data.split.folds, 4);
  EXPECT_EQ(settings.data.split.fold, 2);
  const Settings more = load_settings(
      {"", {"clip.size=[96,128]", R"(normalize={"mean":[0,0,0],"std":[1,1,1]})", "data.path="}});
  EXPECT_EQ(more.clip.size, FrameSize(96, 128));
  EXPECT_EQ(more.normalize.std, (std::array<double, 3>{1, 1, 1}));
  EXPECT_EQ(more.data.path, "");
}

TEST_F(ConfigFile, LaterOverridesWin) {
  EXPECT_EQ(load_settings({"", {"train.epochs=5", "train.epochs=6"}}).train.epochs, 6);
}

TEST_F(ConfigFile, OverrideProblems) {
  const auto what = [](const std::string& text) { return what_of({"", {text}}); };
  EXPECT_EQ(what("train.epochs=0"), "--set train.epochs=0: 0 is out of range, allowed is 1 to 1000000");
  EXPECT_EQ(what("train.epochs=many"), "--set train.epochs=many: must be an integer, but is \"many\"");
  EXPECT_EQ(what("train.epochs="), "--set train.epochs=: must be an integer, but is \"\"");
  EXPECT_EQ(what("train.epochs=3.5"), "--set train.epochs=3.5: must be an integer, but is 3.5");
  EXPECT_EQ(what("augment.enabled=True"),
            "--set augment.enabled=True: must be true or false, but is \"True\"");
  EXPECT_EQ(what("clip.size=[96"), "--set clip.size=[96:1:4: the text ends too early, expected ',' or ']'");
  EXPECT_EQ(what("model.temporal.type=lstn"),
            "--set model.temporal.type=lstn: must be one of lstm, gru, mean, but is \"lstn\", did you mean "
            "'lstm'?");
  EXPECT_EQ(what("train.precision=16"),
            "--set train.precision=16: must be one of fp32, tf32, bf16, but is \"16\", did you mean 'bf16'?");
  EXPECT_EQ(what("train.epochs"), "--set train.epochs: must be KEY=VALUE, for example train.epochs=3");
  EXPECT_EQ(what("=3"), "--set =3: must be KEY=VALUE, for example train.epochs=3");
  EXPECT_EQ(what("trian.epochs=3"), "--set trian.epochs=3: unknown key, did you mean 'train.epochs'?");
  EXPECT_EQ(what("clip.size.height=3"), "--set clip.size.height=3: unknown key, did you mean 'clip.size'?");
  EXPECT_EQ(what("clip=3"), "--set clip=3: is a section and must be an object { ... }, but is 3");
  EXPECT_EQ(what(R"(clip={"frames": 0})"),
            R"(--set clip={"frames": 0}: clip.frames: 0 is out of range, allowed is 1 to 4096)");
  EXPECT_EQ(what(R"(clip={"frames": 1, "frames": 2})"),
            R"(--set clip={"frames": 1, "frames": 2}: clip.frames: appears twice)");
  EXPECT_EQ(what("extends=a.json"), "--set extends=a.json: unknown key");
  EXPECT_NE(what("data.path=\xff").find("is not UTF-8 text"), std::string::npos);
}

TEST_F(ConfigFile, AnOverrideMayResolveAContradictionOfTheFile) {
  const fs::path file = write("a.json", R"({"train": {"schedule": {"warmup_epochs": 100}}})");
  EXPECT_EQ(what_of({file, {}}), at("a.json") +
                                     ": train.schedule.warmup_epochs: 100 is longer than "
                                     "train.epochs, which is 60");
  EXPECT_NO_THROW(load_settings({file, {"train.epochs=100"}}));
}

TEST_F(ConfigFile, DocumentsOfCheckpointsAreCheckedAndKeepTheirPaths) {
  EXPECT_EQ(settings_from_json({{"data", {{"path", "relative/x/"}}}}, "m.safetensors").data.path,
            "relative/x/");
  try {
    settings_from_json({{"train", {{"new_thing", 1}}}, {"extends", "x.json"}}, "m.safetensors");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "2 problems in m.safetensors:\n  m.safetensors: train.new_thing: unknown key\n"
                 "  m.safetensors: extends: unknown key");
    EXPECT_NE(error.hint().find("newer version"), std::string::npos);
  }
  EXPECT_THROW(settings_from_json("text", "m"), ConfigError);
  EXPECT_THROW(settings_from_json({{"data", {{"split", {{"folds", 1}}}}}}, "m"), ConfigError);
}

}  // namespace
}  // namespace actrec
