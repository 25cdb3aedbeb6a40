#include "nn/cpu/cpu_op.h"

#include <mlx/allocator.h>
#include <mlx/backend/cpu/encoder.h>
#include <mlx/ops.h>
#include <mlx/primitives.h>

#include <stdexcept>

#include "base/invariant.h"
#include "kernels/denormals.h"

namespace sanctum::nn {
namespace {

// An input that does not lie row by row.
struct View {
  std::size_t at = 0;  // of the inputs
  const std::byte* data = nullptr;
  std::size_t element_bytes = 0;
  mx::Shape shape;
  mx::Strides strides;  // in elements
};

// Appends what lies behind `from` in dimension `dimension` and on.
void append(const View& view, std::size_t dimension, const std::byte* from,
            std::vector<std::byte>& to) {
  if (dimension == view.shape.size()) {
    to.insert(to.end(), from, from + view.element_bytes);
    return;
  }
  const auto step = view.strides[dimension] * static_cast<std::int64_t>(view.element_bytes);
  for (int i = 0; i < view.shape[dimension]; ++i) append(view, dimension + 1, from + i * step, to);
}

class CpuOp final : public mx::UnaryPrimitive {
 public:
  CpuOp(mx::Stream stream, CpuWork work)
      : mx::UnaryPrimitive(stream), work_(std::make_shared<const CpuWork>(std::move(work))) {}

  void eval_cpu(const std::vector<mx::array>& inputs, mx::array& out) override {
    out.set_data(mx::allocator::malloc(out.nbytes()));
    std::vector<const void*> from;
    std::vector<View> views;
    from.reserve(inputs.size());
    for (const mx::array& input : inputs) {
      const auto* data = input.data<std::byte>();
      if (!input.flags().row_contiguous)
        views.push_back({from.size(), data, input.itemsize(), input.shape(), input.strides()});
      from.push_back(data);
    }
    mx::cpu::get_command_encoder(stream()).dispatch(
        [work = work_, from = std::move(from), views = std::move(views),
         to = static_cast<void*>(out.data<char>())]() mutable {
          // Whatever is not shared among the pool's threads agrees with what is.
          const kernels::FlushDenormals flush;
          std::vector<std::vector<std::byte>> rows(views.size());
          for (std::size_t i = 0; i < views.size(); ++i) {
            append(views[i], 0, views[i].data, rows[i]);
            from[views[i].at] = rows[i].data();
          }
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
  return mx::array(std::move(shape), dtype,
                   std::make_shared<CpuOp>(mx::default_stream(mx::Device::cpu), std::move(work)),
                   std::move(inputs));
}

}  // namespace sanctum::nn
