#include "config/config_file.h"
#include "config/values.h"

namespace actrec {
namespace {

class SectionWriter {
 public:
  template <typename T>
  void field(const char* name, const T& value, const Limits&, const char*) {
    object_[name] = write_value(value);
  }

  template <typename Section>
  void section(const char* name, const Section& section, const char*) {
    SectionWriter inner;
    Section::visit(section, inner);
    object_[name] = inner.take();
  }

  Json take() { return std::move(object_); }

 private:
  Json object_ = Json::object();
};

}  // namespace

Json settings_to_json(const Settings& settings) {
  SectionWriter writer;
  Settings::visit(settings, writer);
  return writer.take();
}

}  // namespace actrec
