#include "report/event_file.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>

#include "core/error.h"

namespace actrec {
namespace {

constexpr const char* kFileVersion = "brain.Event:2";

// Numbers of the fields of the messages Event, Summary, Summary.Value and Summary.Image.
enum EventField { kWallTime = 1, kStep = 2, kVersion = 3, kSummary = 5 };
enum SummaryField { kValue = 1 };
enum ValueField { kTag = 1, kSimpleValue = 2, kImage = 4 };
enum ImageField { kHeight = 1, kWidth = 2, kColorspace = 3, kEncoded = 4 };

constexpr std::uint64_t kRgb = 3;  // of Image.colorspace

std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0x82F63B78u : 0);
    table[i] = value;
  }
  return table;
}

// A number as it lies in memory; the formats are little-endian, as all machines that LibTorch runs on are.
template <typename T>
std::string raw(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

// The wire format of protocol buffers: varints, and fields of the types varint, 64 bits, bytes and 32 bits.
std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

std::string key(int field, unsigned type) { return varint(static_cast<std::uint64_t>(field) << 3 | type); }
std::string number(int field, std::uint64_t value) { return key(field, 0) + varint(value); }
std::string real64(int field, double value) { return key(field, 1) + raw(value); }
std::string bytes(int field, std::string_view value) {
  return key(field, 2) + varint(value.size()) + std::string(value);
}
std::string real32(int field, float value) { return key(field, 5) + raw(value); }

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::filesystem::path new_path(const std::filesystem::path& directory) {
  const auto seconds = static_cast<std::int64_t>(wall_time());
  std::filesystem::path path;
  int k = 0;
  do {
    path = directory / fmt::format("{}{}.{}.actrec", kEventFilePrefix, seconds, k++);
  } while (std::filesystem::exists(path));
  return path;
}

// Of the header of a PNG file: big-endian, at this offset.
std::uint64_t png_side(const std::string& png, std::size_t offset) {
  std::uint64_t side = 0;
  for (std::size_t i = 0; i < 4; ++i) side = side << 8 | static_cast<unsigned char>(png.at(offset + i));
  return side;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  static const std::array<std::uint32_t, 256> kTable = make_crc_table();
  std::uint32_t crc = 0xFFFFFFFFu;
  for (const unsigned char byte : bytes) crc = crc >> 8 ^ kTable[(crc ^ byte) & 0xFF];
  return ~crc;
}

std::uint32_t masked_crc32c(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return (crc >> 15 | crc << 17) + 0xA282EAD8u;
}

EventFile::EventFile(const std::filesystem::path& directory)
    : path_(new_path(directory)), file_(std::fopen(path_.c_str(), "wb"), std::fclose) {
  if (!file_) fail();
  write_event(0, bytes(kVersion, kFileVersion));
  flush();
}

void EventFile::add_scalar(const std::string& tag, std::int64_t step, double value) {
  const std::string one = bytes(kTag, tag) + real32(kSimpleValue, static_cast<float>(value));
  write_event(step, bytes(kSummary, bytes(kValue, one)));
}

void EventFile::add_image(const std::string& tag, std::int64_t step, const std::string& png) {
  const std::string image = number(kHeight, png_side(png, 20)) + number(kWidth, png_side(png, 16)) +
                            number(kColorspace, kRgb) + bytes(kEncoded, png);
  write_event(step, bytes(kSummary, bytes(kValue, bytes(kTag, tag) + bytes(kImage, image))));
}

void EventFile::flush() {
  if (std::fflush(file_.get()) != 0) fail();
}

void EventFile::write_event(std::int64_t step, const std::string& fields) {
  const std::string event =
      real64(kWallTime, wall_time()) + number(kStep, static_cast<std::uint64_t>(step)) + fields;
  const std::string length = raw(static_cast<std::uint64_t>(event.size()));
  write(length + raw(masked_crc32c(length)) + event + raw(masked_crc32c(event)));
}

void EventFile::write(const std::string& record) {
  if (std::fwrite(record.data(), 1, record.size(), file_.get()) != record.size()) fail();
}

void EventFile::fail() const {
  const std::string reason = std::generic_category().message(errno);
  throw Error(fmt::format("cannot write {}: {}", path_.string(), reason),
              "check the disk's free space and permissions");
}

}  // namespace actrec
