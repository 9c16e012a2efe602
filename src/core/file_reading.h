#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>

namespace actrec {

// `unknown` where the system does not say, such as in a directory that may not be entered.
enum class FileKind { missing, regular, other, unknown };
FileKind kind_of_file(const std::filesystem::path& path);

// Opens a file in binary mode. Returns why that failed, as the system says it, or nothing where it did not.
// May wait for ever where the file is not regular.
std::string open_for_reading(std::ifstream& file, const std::filesystem::path& path);

// The system's words for an error number; others where it has none.
std::string message_of(int error_number);

}  // namespace actrec
