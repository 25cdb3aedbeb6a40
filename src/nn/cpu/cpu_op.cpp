#include "nn/cpu/cpu_op.h"

#include <mlx/allocator.h>
#include <mlx/backend/cpu/encoder.h>
#include <mlx/ops.h>
#include <mlx/primitives.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>

#include "kernels/denormals.h"

namespace sanctum::nn {
namespace {

// An input that does not lie row by row.
class View {
 public:
  View(std::size_t at, const mx::array& input)
      : at_(at), data_(input.data<std::byte>()), shape_(input.shape()) {
    for (const std::int64_t stride : input.strides())
      strides_.push_back(stride * static_cast<std::int64_t>(input.itemsize()));
    // What lies together is copied together.
    run_bytes_ = static_cast<std::int64_t>(input.itemsize());
    while (!shape_.empty() && (shape_.back() == 1 || strides_.back() == run_bytes_)) {
      run_bytes_ *= shape_.back();
      shape_.pop_back();
      strides_.pop_back();
    }
  }

  std::size_t at() const { return at_; }  // of the inputs
  std::vector<std::byte> row_by_row() const {
    std::size_t runs = 1;
    for (const int count : shape_) runs *= static_cast<std::size_t>(count);
    std::vector<std::byte> out(runs * static_cast<std::size_t>(run_bytes_));
    std::byte* to = out.data();
    if (!out.empty()) append(0, data_, to);
    return out;
  }

 private:
  // What lies behind `from` in dimension `dimension` and on.
  void append(std::size_t dimension, const std::byte* from, std::byte*& to) const {
    if (dimension == shape_.size()) {
      std::memcpy(to, from, static_cast<std::size_t>(run_bytes_));
      to += run_bytes_;
      return;
    }
    for (int i = 0; i < shape_[dimension]; ++i)
      append(dimension + 1, from + i * strides_[dimension], to);
  }

  std::size_t at_;
  const std::byte* data_;
  mx::Shape shape_;
  std::vector<std::int64_t> strides_;  // in bytes
  std::int64_t run_bytes_ = 0;
};

class CpuOp final : public mx::Primitive {
 public:
  CpuOp(mx::Stream stream, CpuWorkOfMany work)
      : mx::Primitive(stream), work_(std::make_shared<const CpuWorkOfMany>(std::move(work))) {}

  void eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) override {
    std::vector<void*> to;
    to.reserve(outputs.size());
    for (mx::array& out : outputs) {
      out.set_data(mx::allocator::malloc(out.nbytes()));
      to.push_back(out.data<char>());
    }
    std::vector<const void*> from;
    std::vector<View> views;
    from.reserve(inputs.size());
    for (const mx::array& input : inputs) {
      if (!input.flags().row_contiguous) views.emplace_back(from.size(), input);
      from.push_back(input.data<std::byte>());
    }
    mx::cpu::get_command_encoder(stream()).dispatch([work = work_, from = std::move(from),
                                                     views = std::move(views),
                                                     to = std::move(to)]() mutable {
      // Whatever is not shared among the pool's threads agrees with what is.
      const kernels::FlushDenormals flush;
      std::vector<std::vector<std::byte>> rows;
      rows.reserve(views.size());
      for (const View& view : views) {
        rows.push_back(view.row_by_row());
        from[view.at()] = rows.back().data();
      }
      (*work)(from, to);
    });
  }
  void eval_gpu(const std::vector<mx::array>&, std::vector<mx::array>&) override {
    throw std::logic_error("a CPU node on a GPU's stream");
  }
  const char* name() const override { return "SanctumCpuOp"; }
  bool is_equivalent(const mx::Primitive&) const override { return false; }

 private:
  std::shared_ptr<const CpuWorkOfMany> work_;
};

}  // namespace

mx::array cpu_op(std::vector<mx::array> inputs, mx::Shape shape, mx::Dtype dtype, CpuWork work) {
  return mx::array(
      std::move(shape), dtype,
      std::make_shared<CpuOp>(
          mx::default_stream(mx::Device::cpu),
          [work = std::move(work)](const std::vector<const void*>& from,
                                   const std::vector<void*>& to) { work(from, to.front()); }),
      std::move(inputs));
}

std::vector<mx::array> cpu_op(const std::vector<mx::array>& inputs,
                              const std::vector<mx::Shape>& shapes, mx::Dtype dtype,
                              CpuWorkOfMany work) {
  return mx::array::make_arrays(
      shapes, std::vector<mx::Dtype>(shapes.size(), dtype),
      std::make_shared<CpuOp>(mx::default_stream(mx::Device::cpu), std::move(work)), inputs);
}

}  // namespace sanctum::nn
