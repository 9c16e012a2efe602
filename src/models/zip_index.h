#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <string>

namespace actrec {

// Where the bytes of an archive's member lie in the file.
struct ZipMember {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  bool compressed = false;
};

// The members of a zip file whose members are not compressed, as PyTorch writes them. Every member lies
// within the file. Throws std::invalid_argument saying what is wrong with any other file.
std::map<std::string, ZipMember> read_zip_index(std::ifstream& file, std::uint64_t file_bytes);

}  // namespace actrec
