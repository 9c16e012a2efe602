#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace actrec {

// How the names of event files begin.
inline constexpr const char* kEventFilePrefix = "events.out.tfevents.";

// CRC-32C (Castagnoli), and masked as TFRecord files have it.
std::uint32_t crc32c(std::string_view bytes);
std::uint32_t masked_crc32c(std::string_view bytes);

// An event file of TensorBoard: records, framed as in TensorFlow's record_writer.h, of Event messages
// (tensorflow/core/util/event.proto). Grows with each event; a file cut off by a crash stays readable up to
// there. Failures throw Error with the path and the system's reason.
class EventFile {
 public:
  // Makes a file of a new name in the directory: TensorBoard reads all that are there as one run.
  explicit EventFile(const std::filesystem::path& directory);

  void add_scalar(const std::string& tag, std::int64_t step, double value);
  // `png`: a PNG file.
  void add_image(const std::string& tag, std::int64_t step, const std::string& png);
  // Makes what was added visible to readers.
  void flush();

  const std::filesystem::path& path() const { return path_; }

 private:
  void write_event(std::int64_t step, const std::string& fields);
  void write(const std::string& record);
  [[noreturn]] void fail() const;

  std::filesystem::path path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

}  // namespace actrec
