#include "config/describe.h"
#include "config/values.h"

namespace actrec {
namespace {

class SectionSchema {
 public:
  template <typename T>
  void field(const char* name, const T& value, const Limits& limits, const char* doc) {
    Json schema = value_form(value, limits).schema;
    schema["description"] = doc;
    schema["default"] = write_value(value);
    properties_[name] = std::move(schema);
  }

  template <typename Section>
  void section(const char* name, const Section& section, const char* doc) {
    SectionSchema inner;
    Section::visit(section, inner);
    properties_[name] = inner.take();
    properties_[name]["description"] = doc;
  }

  void add(const char* name, const Json& schema) { properties_[name] = schema; }

  Json take() {
    Json schema = Json::object();
    schema["type"] = "object";
    schema["additionalProperties"] = false;
    schema["properties"] = std::move(properties_);
    return schema;
  }

 private:
  Json properties_ = Json::object();
};

}  // namespace

Json settings_schema() {
  const Json name = {{"type", "string"}, {"minLength", 1}};
  const Json names = {{"type", "array"}, {"items", name}};
  Json extends;
  extends["oneOf"] = Json::array({name, names});
  extends["description"] =
      "Files whose settings are taken first, relative to this file; what this file says replaces them";

  SectionSchema root;
  root.add("$schema", {{"type", "string"}, {"description", "For editors; ignored"}});
  root.add("extends", extends);
  const Settings defaults;
  Settings::visit(defaults, root);

  Json schema = Json::object();
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = "actrec configuration";
  schema.update(root.take());
  return schema;
}

}  // namespace actrec
