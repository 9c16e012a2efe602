#pragma once

#include <string>

// OpenBLAS, which computes LibTorch's matrix products where LibTorch comes from apt. When it is loaded, it
// chooses its kernels by the processor's model, and takes models newer than itself for a Prescott of 2004:
// LSTMs then train at half the speed.

namespace actrec {

// The kernels that this process's OpenBLAS uses, such as "Haswell"; empty where there is no OpenBLAS.
std::string openblas_kernels();

// The kernels to use in place of `kernels` on a processor with AVX2 (and FMA), or with what Skylake servers
// have of AVX-512: "Haswell" or "SkylakeX" where OpenBLAS did not know the processor, else empty.
std::string better_openblas_kernels(const std::string& kernels, bool avx2, bool avx512);

// Lets OpenBLAS use better kernels, where there are some and the environment variable OPENBLAS_CORETYPE does
// not say which to use. Call it before the first matrix product and before there are threads.
void use_better_openblas_kernels();

}  // namespace actrec
