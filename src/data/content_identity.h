#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <unordered_map>

namespace actrec {

// Tells the contents of videos apart without reading them: a hash of a file's size and modification time, or
// of those of all images in a folder of numbered frames, which are looked at once. Safe to call from many
// threads at once.
class ContentIdentities {
 public:
  std::uint64_t of(const std::filesystem::path& video);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::uint64_t> folders_;
};

}  // namespace actrec
