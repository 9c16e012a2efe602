#include "models/zip_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace actrec {
namespace {

constexpr std::uint64_t kEndBytes = 22;  // end of central directory, without its comment
constexpr std::uint64_t kLongestComment = 65535;
constexpr std::uint64_t kEntryBytes = 46;  // entry of the central directory, without its texts
constexpr std::uint64_t kLocalBytes = 30;  // header in front of a member, without its texts
constexpr std::uint64_t kMostDirectoryBytes = 64'000'000;
constexpr std::uint64_t kSaidElsewhere = 0xffffffff;

class ZipReader {
 public:
  ZipReader(std::ifstream& file, std::uint64_t bytes) : file_(file), bytes_(bytes) {}

  std::map<std::string, ZipMember> read() {
    const std::string directory = read_directory();
    std::map<std::string, ZipMember> members;
    for (std::size_t at = 0; at < directory.size();) {
      const std::string_view entry = part(directory, at, kEntryBytes);
      expect(entry, "PK\x01\x02");
      const std::uint64_t name_bytes = number(entry, 28, 2);
      const std::string name(part(directory, at + kEntryBytes, name_bytes));
      const std::uint64_t size = number(entry, 20, 4), header = number(entry, 42, 4);
      if (size == kSaidElsewhere || header == kSaidElsewhere) fail("it is a zip file of over 4 GB");
      if (!members.emplace(name, locate(header, size, number(entry, 10, 2) != 0)).second)
        fail(fmt::format("it has {} twice", name));
      at += kEntryBytes + name_bytes + number(entry, 30, 2) + number(entry, 32, 2);
    }
    return members;
  }

 private:
  [[noreturn]] static void fail(const std::string& reason) { throw std::invalid_argument(reason); }

  static std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t count) {  // little-endian
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
    }
    return value;
  }

  static std::string_view part(std::string_view bytes, std::uint64_t at, std::uint64_t count) {
    if (at > bytes.size() || count > bytes.size() - at) fail("its zip directory is damaged");
    return bytes.substr(at, count);
  }

  static void expect(std::string_view record, std::string_view signature) {
    if (record.substr(0, signature.size()) != signature) fail("its zip directory is damaged");
  }

  std::string read_bytes(std::uint64_t offset, std::uint64_t count) {
    if (offset > bytes_ || count > bytes_ - offset) fail("its zip directory points outside the file");
    std::string bytes(count, '\0');
    file_.seekg(static_cast<std::streamoff>(offset));
    if (!file_.read(bytes.data(), static_cast<std::streamsize>(count))) fail("reading it failed");
    return bytes;
  }

  std::string read_directory() {
    const std::uint64_t tail_bytes = std::min(bytes_, kEndBytes + kLongestComment);
    const std::string tail = read_bytes(bytes_ - tail_bytes, tail_bytes);
    const std::size_t end = tail.rfind("PK\x05\x06");
    if (end == std::string::npos || tail.size() - end < kEndBytes)
      fail("its zip directory is missing: it is incomplete");
    const std::uint64_t size = number(tail, end + 12, 4), offset = number(tail, end + 16, 4);
    if (size == kSaidElsewhere || offset == kSaidElsewhere) fail("it is a zip file of over 4 GB");
    if (size > kMostDirectoryBytes) fail("its zip directory is too large");
    return read_bytes(offset, size);
  }

  ZipMember locate(std::uint64_t header, std::uint64_t size, bool compressed) {
    const std::string local = read_bytes(header, kLocalBytes);
    expect(local, "PK\x03\x04");
    const std::uint64_t offset = header + kLocalBytes + number(local, 26, 2) + number(local, 28, 2);
    if (offset > bytes_ || size > bytes_ - offset) fail("its zip directory points outside the file");
    return {offset, size, compressed};
  }

  std::ifstream& file_;
  std::uint64_t bytes_;
};

}  // namespace

std::map<std::string, ZipMember> read_zip_index(std::ifstream& file, std::uint64_t file_bytes) {
  return ZipReader(file, file_bytes).read();
}

}  // namespace actrec
