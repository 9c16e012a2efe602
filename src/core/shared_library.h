#pragma once

#include <dlfcn.h>

#include <string>

namespace actrec {

// A library that may or may not be there, loaded while this lives. Its functions return an int.
class SharedLibrary {
 public:
  // An empty name stands for none.
  explicit SharedLibrary(const std::string& name)
      : library_(name.empty() ? nullptr : dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL)) {}
  ~SharedLibrary() {
    if (library_ != nullptr) dlclose(library_);
  }
  SharedLibrary(const SharedLibrary&) = delete;
  SharedLibrary& operator=(const SharedLibrary&) = delete;

  bool is_there() const { return library_ != nullptr; }

  // -1 where the library or the function is not there. The arguments must have the function's own types.
  template <typename... Arguments>
  int call(const char* name, Arguments... arguments) const {
    void* const found = library_ == nullptr ? nullptr : dlsym(library_, name);
    if (found == nullptr) return -1;
    return reinterpret_cast<int (*)(Arguments...)>(found)(arguments...);
  }

 private:
  void* library_;
};

}  // namespace actrec
