#pragma once

// Put before a function with hot loops: it is compiled for AVX2 (and FMA) as well, and the processor's best
// version is chosen when the program starts. Only where the compiler offers that; sanitizers cannot follow
// the choice. (The name of a processor in place of the level, such as haswell, is met by that one only.)
#if defined(__x86_64__) && defined(__GNUC__) && __GNUC__ >= 12 && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define ACTREC_VECTORIZE __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define ACTREC_VECTORIZE
#endif
