// Configurations: JSON with comments, then the settings' own checks.

#include <string_view>

#include "config/config_file.h"
#include "config/json_text.h"
#include "core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto document = actrec::parse_json(text, "input.json").document;
    const actrec::Settings settings = actrec::settings_from_json(document, "input.json");
    actrec::find_contradictions(settings);
    // What is accepted comes back as it was.
    const auto written = actrec::settings_to_json(settings);
    if (actrec::settings_to_json(actrec::settings_from_json(written, "again")) != written) __builtin_trap();
  } catch (const actrec::Error&) {
  }
  return 0;
}
