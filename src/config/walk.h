#pragma once

#include <string>
#include <type_traits>

#include "config/settings.h"

namespace actrec {

// Visitor that turns nested sections into dotted keys.
template <typename Action>
class FieldWalk {
 public:
  FieldWalk(Action& action, std::string prefix) : action_(action), prefix_(std::move(prefix)) {}

  template <typename T>
  void field(const char* name, T& value, const Limits& limits, const char* doc) {
    action_(prefix_ + name, value, limits, doc);
  }

  template <typename Section>
  void section(const char* name, Section& section, const char*) {
    FieldWalk inner(action_, prefix_ + name + ".");
    std::remove_const_t<Section>::visit(section, inner);
  }

 private:
  Action& action_;
  std::string prefix_;
};

// Calls action(dotted_key, member, limits, doc) for every setting, in declaration order. `settings` may be
// const; the action is a generic callable, since members differ in type.
template <typename AnySettings, typename Action>
void for_each_field(AnySettings& settings, Action&& action) {
  FieldWalk<Action> walk(action, "");
  Settings::visit(settings, walk);
}

}  // namespace actrec
