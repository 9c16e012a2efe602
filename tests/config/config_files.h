#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "config/config_file.h"
#include "core/error.h"
#include "temporary_directory.h"

namespace actrec {

// A test with a folder of its own for configuration files.
class ConfigFiles : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = folder_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }

  std::string at(const std::string& name) const { return (folder_ / name).string(); }

  // The error that loading throws, with an empty text where it throws none.
  static ConfigError error_of(const ConfigSource& source) {
    try {
      load_settings(source);
    } catch (const ConfigError& error) {
      return error;
    }
    ADD_FAILURE() << "no error";
    return ConfigError("");
  }
  static std::string what_of(const ConfigSource& source) { return error_of(source).what(); }

  // What is wrong with `text` as the file a.json, without the file's name.
  std::string problem_in(const std::string& text) const {
    const std::string what = what_of({write("a.json", text), {}});
    const std::string start = at("a.json") + ":";
    EXPECT_EQ(what.rfind(start, 0), 0U) << what;
    const std::string rest = what.substr(start.size());
    return rest.rfind(' ', 0) == 0 ? rest.substr(1) : rest;
  }

  const TemporaryDirectory directory_;
  const std::filesystem::path folder_ = directory_.path();
};

}  // namespace actrec
