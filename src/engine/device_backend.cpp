#include "engine/device_backend.h"

#include <mlx/device.h>

#include "base/error.h"
#include "engine/device_thread.h"
#include "nn/kv_memory.h"

namespace sanctum::engine {
namespace {

namespace mx = mlx::core;

// Stock MLX runs its x86 kernels several times faster in float32 than in bfloat16 or float16.
mx::Dtype compute_dtype(const std::string& name) {
  if (name == "float32") return mx::float32;
  if (name == "bfloat16") return mx::bfloat16;
  if (name == "float16") return mx::float16;
  return on_gpu() ? mx::bfloat16 : mx::float32;
}

}  // namespace

bool on_gpu() {
  return mx::default_device() == mx::Device::gpu;
}

bool uses_our_kernels(const DeviceOptions& options) {
  return options.kernels == "cpu" || (options.kernels == "auto" && !on_gpu());
}

void check_backend(const DeviceOptions& options) {
  if (options.cpu.kv_int8 && !uses_our_kernels(options)) {
    throw Error(ErrorCode::kInvalid,
                "kv_type int8 needs our kernels (kernels cpu); with MLX's operations it is stored",
                "kv_type");
  }
}

int step_tokens_of(const DeviceOptions& options) {
  if (options.step_tokens > 0) return options.step_tokens;
  return on_gpu() && !uses_our_kernels(options) ? kStepTokensOnGpu : nn::kStepTokensUsual;
}

nn::BackendPointer device_backend(const DeviceOptions& options) {
  return uses_our_kernels(options) ? nn::cpu_backend(options.cpu)
                                   : nn::stock_backend(compute_dtype(options.compute_dtype));
}

}  // namespace sanctum::engine
