#include "core/openblas.h"

#include <dlfcn.h>

#include <cstdlib>

namespace actrec {
namespace {

constexpr const char* kVariable = "OPENBLAS_CORETYPE";

// A function of OpenBLAS, which the program is not linked with itself; null where it is not there.
template <typename Function>
Function* find(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_DEFAULT, name));
}

bool has_avx2() {
#ifdef __x86_64__
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return false;
#endif
}

bool has_skylake_avx512() {
#ifdef __x86_64__
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
#else
  return false;
#endif
}

}  // namespace

std::string openblas_kernels() {
  const auto name = find<char*()>("openblas_get_corename");
  return name != nullptr ? name() : "";
}

std::string better_openblas_kernels(const std::string& kernels, bool avx2, bool avx512) {
  if (kernels != "Prescott" || !avx2) return {};
  return avx512 ? "SkylakeX" : "Haswell";
}

void use_better_openblas_kernels() {
  const std::string better = better_openblas_kernels(openblas_kernels(), has_avx2(), has_skylake_avx512());
  if (better.empty() || std::getenv(kVariable) != nullptr) return;
  // What OpenBLAS does when it is unloaded and loaded.
  const auto forget = find<void()>("gotoblas_dynamic_quit"), choose = find<void()>("gotoblas_dynamic_init");
  if (forget == nullptr || choose == nullptr) return;
  ::setenv(kVariable, better.c_str(), 0);
  forget();
  choose();
}

}  // namespace actrec
