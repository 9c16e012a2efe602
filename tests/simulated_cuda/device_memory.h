#pragma once

#include <c10/core/Allocator.h>

#include <cstddef>

namespace simulated_cuda {

// Memory of the simulated devices. What a tensor holds is an address that the host can neither read nor
// write: a program that takes it for memory of its own ends with a segmentation fault, as with a real device.
// The operations of the device reach the same memory at another address. New memory is full of bytes 255:
// floats that are not finite. Each device has as much as it wants; ACTREC_SIMULATED_CUDA_MB limits what all
// have together. Throws c10::OutOfMemoryError. Safe to call from many threads.
void* allocate_device_memory(std::size_t bytes);
void free_device_memory(void* address);

// Where the device's operations find what a tensor has at `address`. A null pointer stays one.
void* reach(void* address);

// The contrary of reach(); null where `reachable` is not in the memory of a device.
void* device_address(const void* reachable);

// Memory of the host that copies to the device need not wait for.
c10::Allocator* pinned_allocator();
bool is_pinned(const void* address);

}  // namespace simulated_cuda
