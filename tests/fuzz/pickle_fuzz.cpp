// Pickles and the index of zip files, which PyTorch's files are made of.

#include <fstream>
#include <stdexcept>
#include <string_view>

#include "fuzz_input.h"
#include "models/pickle.h"
#include "models/zip_index.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const actrec::Pickle pickle({reinterpret_cast<const char*>(data), size});
    if (pickle.size() > size) __builtin_trap();
  } catch (const std::invalid_argument&) {
  }
  try {
    const actrec::testing::InputFile file(data, size);
    std::ifstream stream(file.path(), std::ios::binary);
    for (const auto& [name, member] : actrec::read_zip_index(stream, size)) {
      if (member.offset > size || member.size > size - member.offset) __builtin_trap();
    }
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
