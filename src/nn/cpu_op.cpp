#include "nn/cpu_op.h"

#include <mlx/allocator.h>
#include <mlx/backend/cpu/encoder.h>
#include <mlx/ops.h>
#include <mlx/primitives.h>

#include <stdexcept>

#include "base/invariant.h"

namespace sanctum::nn {
namespace {

class CpuOp final : public mx::UnaryPrimitive {
 public:
  CpuOp(mx::Stream stream, CpuWork work)
      : mx::UnaryPrimitive(stream), work_(std::make_shared<const CpuWork>(std::move(work))) {}

  void eval_cpu(const std::vector<mx::array>& inputs, mx::array& out) override {
    out.set_data(mx::allocator::malloc(out.nbytes()));
    std::vector<const void*> from;
    from.reserve(inputs.size());
    for (const mx::array& input : inputs) {
      SANCTUM_INVARIANT(input.flags().row_contiguous, "input of a CPU node");
      from.push_back(input.data<char>());
    }
    mx::cpu::get_command_encoder(stream()).dispatch(
        [work = work_, from = std::move(from), to = static_cast<void*>(out.data<char>())] {
          (*work)(from, to);
        });
  }
  void eval_gpu(const std::vector<mx::array>&, mx::array&) override {
    throw std::logic_error("a CPU node on a GPU's stream");
  }
  const char* name() const override { return "SanctumCpuOp"; }
  bool is_equivalent(const mx::Primitive&) const override { return false; }

 private:
  std::shared_ptr<const CpuWork> work_;
};

}  // namespace

mx::array cpu_op(std::vector<mx::array> inputs, mx::Shape shape, mx::Dtype dtype, CpuWork work) {
  for (mx::array& input : inputs) input = mx::contiguous(input);
  return mx::array(std::move(shape), dtype,
                   std::make_shared<CpuOp>(mx::default_stream(mx::Device::cpu), std::move(work)),
                   std::move(inputs));
}

}  // namespace sanctum::nn
