// Lists of clips: CSV, then the columns of our own lists and of Kinetics'. No file that they name exists.

#include <string_view>

#include "core/error.h"
#include "data/csv.h"
#include "data/list_dataset.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  actrec::DataSettings settings;
  settings.path = "/proc/self/fdinfo/none/list.csv";
  for (const auto read : {actrec::read_csv_dataset, actrec::read_kinetics_dataset}) {
    try {
      read(settings, actrec::parse_csv(text, "list.csv"));
    } catch (const actrec::Error&) {
    }
  }
  return 0;
}
