#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/error.h"
#include "data/dataset_index.h"
#include "log_capture.h"
#include "temporary_directory.h"

namespace actrec::testing {

// A temporary folder to lay data sets out in; removed at the end. Indexing opens no video, so empty files
// stand for videos.
class DatasetTree {
 public:
  const std::filesystem::path& root() const { return directory_.path(); }

  std::filesystem::path file(const std::string& name, const std::string& content = "") const {
    const std::filesystem::path path = root() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  void files(const std::vector<std::string>& names) const {
    for (const std::string& name : names) file(name);
  }
  void frames(const std::string& folder) const { files({folder + "/0001.jpg", folder + "/0002.jpg"}); }
  std::filesystem::path folder(const std::string& name) const {
    std::filesystem::create_directories(root() / name);
    return root() / name;
  }

  DataSettings settings(const std::string& path = "") const {
    DataSettings settings;
    settings.path = path.empty() ? root() : root() / path;
    return settings;
  }

 private:
  TemporaryDirectory directory_;
};

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Runs `action`, which must throw an E whose message and hint together contain every one of `parts`.
template <typename E, typename Action>
void expect_error(Action action, const std::vector<std::string>& parts) {
  try {
    action();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const E& error) {
    const std::string text = std::string(error.what()) + "; hint: " + error.hint();
    for (const std::string& part : parts)
      EXPECT_TRUE(contains(text, part)) << "no '" << part << "' in: " << text;
  }
}

inline void expect_unreadable(const DataSettings& settings, const std::vector<std::string>& parts) {
  expect_error<DataError>([&] { read_dataset(settings); }, parts);
}

// "class: name g=group split" of each clip, without what is empty.
inline std::vector<std::string> summary(const DatasetIndex& index) {
  std::vector<std::string> lines;
  for (const ClipRef& clip : index.clips) {
    std::string line = index.classes.at(static_cast<std::size_t>(clip.label)) + ": " + clip.name;
    if (!clip.group.empty()) line += " g=" + clip.group;
    if (!clip.split.empty()) line += " " + clip.split;
    lines.push_back(line);
  }
  return lines;
}

// A list of the real video that may lie beside the checkout.
inline std::filesystem::path shared_list(const std::string& dataset) {
  return std::filesystem::path(ACTREC_SOURCE_DIR) / "../shared/data" / dataset / "clips.csv";
}

}  // namespace actrec::testing
