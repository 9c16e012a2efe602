#include "core/file_reading.h"

#include <cerrno>
#include <fstream>
#include <system_error>

namespace actrec {

FileKind kind_of_file(const std::filesystem::path& path) {
  std::error_code ignored;
  switch (std::filesystem::status(path, ignored).type()) {
    case std::filesystem::file_type::regular:
      return FileKind::regular;
    case std::filesystem::file_type::not_found:
      return FileKind::missing;
    case std::filesystem::file_type::none:
      return FileKind::unknown;
    default:
      return FileKind::other;
  }
}

std::string open_for_reading(std::ifstream& file, const std::filesystem::path& path) {
  errno = 0;
  file.open(path, std::ios::binary);
  return file.is_open() ? "" : message_of(errno);
}

std::string message_of(int error_number) {
  return error_number == 0 ? "reading failed" : std::generic_category().message(error_number);
}

}  // namespace actrec
