// With what a device computes, as its options say. Thread rule: device thread, or the only one.
#pragma once

#include "nn/backend.h"

namespace sanctum::engine {

struct DeviceOptions;

// MLX has a GPU that it uses by itself.
bool on_gpu();
// Whether our kernels compute, and not MLX's operations.
bool uses_our_kernels(const DeviceOptions& options);
// Throws Error(kInvalid) for options that contradict each other.
void check_backend(const DeviceOptions& options);
// Prompt and decode tokens of one step at most.
int step_tokens_of(const DeviceOptions& options);
// Throws std::system_error where there are no threads for it.
nn::BackendPointer device_backend(const DeviceOptions& options);

}  // namespace sanctum::engine
