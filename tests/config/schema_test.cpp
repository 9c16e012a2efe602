#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>

#include "config/config_files.h"
#include "config/describe.h"
#include "config/values.h"
#include "core/text.h"

namespace actrec {
namespace {

class Schema : public ConfigFiles {
 protected:
  // For each document whether Python's jsonschema finds it valid; empty where that is not installed.
  std::vector<bool> validate(const std::vector<std::string>& documents) const {
    Json list = Json::array();
    for (const std::string& document : documents) list.push_back(Json::parse(document));
    write("schema.json", settings_schema().dump());
    write("documents.json", list.dump());
    write("validate.py", R"(import json, sys
try:
    from jsonschema import Draft202012Validator
except ImportError:
    sys.exit(77)
schema, documents = (json.load(open(name, encoding="utf-8")) for name in sys.argv[1:3])
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
json.dump([validator.is_valid(document) for document in documents], open(sys.argv[3], "w"))
)");
    const std::string command = "python3 '" + at("validate.py") + "' '" + at("schema.json") + "' '" +
                                at("documents.json") + "' '" + at("result.json") + "' 2>'" + at("log") + "'";
    const int status = std::system(command.c_str());
    if (WIFEXITED(status) && (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127)) return {};
    EXPECT_EQ(status, 0) << read_file(at("log"));
    if (status != 0) return std::vector<bool>(documents.size());
    return Json::parse(read_file(at("result.json"))).get<std::vector<bool>>();
  }
};

TEST_F(Schema, DescribesEachSettingWhereItStands) {
  const Json schema = settings_schema();
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  for (const SettingDescription& setting : describe_settings()) {
    std::string pointer = "/properties/" + setting.key;
    for (std::size_t dot = pointer.find('.'); dot != std::string::npos; dot = pointer.find('.')) {
      const Json::json_pointer section(pointer.substr(0, dot));
      EXPECT_EQ(schema.at(section)["type"], "object") << setting.key;
      EXPECT_EQ(schema.at(section)["additionalProperties"], false) << setting.key;
      EXPECT_NE(schema.at(section)["description"], "") << setting.key;
      pointer.replace(dot, 1, "/properties/");
    }
    const Json& entry = schema.at(Json::json_pointer(pointer));
    EXPECT_EQ(entry["description"], setting.doc) << setting.key;
    EXPECT_EQ(compact_json(entry["default"]), setting.default_value) << setting.key;
  }
  const Json& properties = schema["properties"];
  EXPECT_EQ(schema["additionalProperties"], false);
  EXPECT_TRUE(properties.contains("extends"));
  EXPECT_TRUE(properties.contains("$schema"));
  const Json& epochs = properties["train"]["properties"]["epochs"];
  EXPECT_EQ(epochs["type"], "integer");
  EXPECT_EQ(epochs["minimum"], 1);
  EXPECT_EQ(epochs["maximum"], 1000000);
  EXPECT_EQ(properties["model"]["properties"]["temporal"]["properties"]["type"]["enum"],
            Json::array({"lstm", "gru", "mean"}));
  EXPECT_FALSE(
      properties["train"]["properties"]["optimizer"]["properties"]["gradient_clip"].contains("maximum"));
  EXPECT_EQ(properties["normalize"]["oneOf"][1]["required"], Json::array({"mean", "std"}));
}

TEST_F(Schema, AgreesWithTheReaderOnExamples) {
  write("base.json", "{}");
  const std::vector<std::string> examples{
      settings_to_json(Settings()).dump(),
      R"({})",
      R"([])",
      R"({"$schema": "x"})",
      R"({"train": {"epochs": 3}})",
      R"({"train": {"epochs": 0}})",
      R"({"train": {"epochs": true}})",
      R"({"train": {"epochs": 3.7}})",
      R"({"train": {"epochz": 3}})",
      R"({"train": 3})",
      R"({"clip": {"size": 96}})",
      R"({"clip": {"size": [96, 128]}})",
      R"({"clip": {"size": [96, 4]}})",
      R"({"clip": {"size": [96]}})",
      R"({"augment": {"affine": {"scale": [0.8, 1.2]}}})",
      R"({"augment": {"affine": {"scale": [0.8, 1.2, 2]}}})",
      R"({"augment": {"horizontal_flip": 1.5}})",
      R"({"model": {"encoder": {"channels": [8, 0]}}})",
      R"({"model": {"temporal": {"type": "mean"}}})",
      R"({"model": {"temporal": {"type": "lstn"}}})",
      R"({"normalize": "dataset"})",
      R"({"normalize": "values"})",
      R"({"normalize": {"mean": [0, 0.5, 1], "std": [1, 1, 1]}})",
      R"({"normalize": {"mean": [0, 0.5, 1], "std": [1, 0, 1]}})",
      R"({"normalize": {"mean": [0, 0.5, 1]}})",
      R"({"extends": "base.json"})",
      R"({"extends": ["base.json", "base.json"]})",
      R"({"extends": 3})",
      R"({"extends": [3]})",
      R"({"data": {"path": "ä"}})",
      R"({"data": {"path": 1}})",
  };
  const std::vector<bool> valid = validate(examples);
  if (valid.empty()) GTEST_SKIP() << "needs Python's jsonschema package";
  for (std::size_t i = 0; i < examples.size(); ++i) {
    bool reads = true;
    try {
      load_settings({write("example.json", examples[i]), {}});
    } catch (const ConfigError&) {
      reads = false;
    }
    EXPECT_EQ(valid[i], reads) << examples[i];
  }
  EXPECT_EQ(std::count(valid.begin(), valid.end(), true), 13);
}

}  // namespace
}  // namespace actrec
