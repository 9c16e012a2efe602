#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "core/text.h"
#include "temporary_directory.h"

namespace actrec {

// The folder of what tests/reference/torch_files.py writes, made once per test program. Without Python's
// torch it is empty and tests that need it skip; any other failure fails them.
inline const std::filesystem::path& torch_files() {
  static const TemporaryDirectory kDirectory;
  static const std::filesystem::path kFiles = [] {
    const auto files = kDirectory / "files", errors = kDirectory / "errors";
    std::filesystem::create_directory(files);
    const std::string command = "/usr/bin/python3 " ACTREC_SOURCE_DIR "/tests/reference/torch_files.py " +
                                files.string() + " 2>" + errors.string();
    if (std::system(command.c_str()) == 0) return files;
    if (std::system("/usr/bin/python3 -c 'import torch' 2>/dev/null") != 0) return std::filesystem::path();
    throw std::runtime_error("torch_files.py failed:\n" + read_file(errors));
  }();
  return kFiles;
}

#define ACTREC_NEED_TORCH_FILES() \
  if (torch_files().empty()) GTEST_SKIP() << "python3-torch is not installed"

}  // namespace actrec
