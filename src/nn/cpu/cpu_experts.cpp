#include "nn/cpu/cpu_experts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "kernels/experts.h"
#include "nn/cpu/cpu_op.h"

namespace sanctum::nn {
namespace {

struct Chosen {
  std::vector<std::int32_t> experts;
  std::vector<float> weights;
};

// A row's weights in double: rounded once, they are the same whatever computes exp. What is no
// number comes last; a row that has only such gives what is none.
void choose(const float* logits, const float* scales, int experts, const Routing& routing,
            Chosen& to) {
  const auto value = [&](int e) {
    return std::isnan(logits[e]) ? -std::numeric_limits<float>::infinity() : logits[e];
  };
  std::vector<int> order(static_cast<std::size_t>(experts));
  std::iota(order.begin(), order.end(), 0);
  std::partial_sort(order.begin(), order.begin() + routing.chosen, order.end(), [&](int a, int b) {
    return std::pair(-value(a), a) < std::pair(-value(b), b);
  });
  const double largest = logits[order.front()];
  std::sort(order.begin(), order.begin() + routing.chosen);
  double sum = 0;
  const auto share = [&](int e) { return std::exp(static_cast<double>(logits[e]) - largest); };
  if (routing.over_chosen) {
    for (int i = 0; i < routing.chosen; ++i) sum += share(order[static_cast<std::size_t>(i)]);
  } else {
    for (int e = 0; e < experts; ++e) sum += share(e);
  }
  for (int i = 0; i < routing.chosen; ++i) {
    const int e = order[static_cast<std::size_t>(i)];
    to.experts.push_back(e);
    const auto weight = static_cast<float>(share(e) / sum);
    to.weights.push_back(scales == nullptr ? weight : weight * scales[e]);
  }
}

class CpuExperts final : public Experts {
 public:
  using Make = std::function<std::shared_ptr<const Matrix>(StoredMatrix)>;
  CpuExperts(RuntimePointer runtime, StoredExperts stored, const Make& make)
      : runtime_(std::move(runtime)),
        experts_(stored.experts),
        routing_(stored.routing),
        act_(stored.act),
        scales_(std::move(stored.scales)),
        gate_bias_(std::move(stored.gate_bias)),
        up_bias_(std::move(stored.up_bias)),
        down_bias_(std::move(stored.down_bias)),
        gate_(make(std::move(stored.gate))),
        up_(make(std::move(stored.up))),
        down_(make(std::move(stored.down))) {}

  mx::array operator()(const mx::array& x, const mx::array& logits) const override {
    const int rows = x.shape(0);
    return cpu_op(
        {x, logits}, x.shape(), mx::float32, [self = *this, rows](const auto& in, void* out) {
          Chosen chosen;
          const auto* row = static_cast<const float*>(in[1]);
          for (int i = 0; i < rows; ++i, row += self.experts_)
            choose(row, numbers(self.scales_), self.experts_, self.routing_, chosen);
          kernels::mix_experts(*self.runtime_, self.layer(), static_cast<const float*>(in[0]),
                               {rows, self.routing_.chosen, self.experts_, chosen.experts.data(),
                                chosen.weights.data()},
                               static_cast<float*>(out));
        });
  }

 private:
  // Of what was evaluated since it was loaded.
  static const float* numbers(const std::optional<mx::array>& of) {
    return of ? of->data<float>() : nullptr;
  }
  static int row_bits(const Matrix& matrix) {
    const auto* packed = dynamic_cast<const PackedWeights*>(&matrix);
    return packed != nullptr ? packed->row_bits() : 0;
  }
  kernels::ExpertMatrices matrices(const Matrix& matrix) const {
    if (const auto* packed = dynamic_cast<const PackedWeights*>(&matrix))
      return {&packed->packed(), {}, packed->packed().outputs() / experts_};
    const mx::array& weight = static_cast<const PlainWeights&>(matrix).weight();
    return {nullptr,
            {weight.data<char>(), number_type(weight.dtype()), weight.shape(0), weight.shape(1)},
            weight.shape(0) / experts_};
  }
  kernels::ExpertLayer products() const {
    return {matrices(*gate_), matrices(*up_), matrices(*down_), act_,
            row_bits(*gate_), row_bits(*up_), row_bits(*down_)};
  }
  kernels::ExpertLayer layer() const {
    kernels::ExpertLayer out = products();
    out.gate_bias = numbers(gate_bias_);
    out.up_bias = numbers(up_bias_);
    out.down_bias = numbers(down_bias_);
    return out;
  }

  RuntimePointer runtime_;
  int experts_;
  Routing routing_;
  kernels::Activation act_;
  std::optional<mx::array> scales_, gate_bias_, up_bias_, down_bias_;  // float32
  std::shared_ptr<const Matrix> gate_, up_, down_;
};

}  // namespace

std::string refusal_of_experts(const StoredExperts& stored) {
  for (const StoredMatrix* one : {&stored.gate, &stored.up, &stored.down}) {
    const int outputs = one->weight.shape(0) / stored.experts;
    if (is_packed(*one) && outputs % kernels::kPanelRows != 0)
      return "quantized experts have " + std::to_string(outputs) +
             " features, no multiple of the " + std::to_string(kernels::kPanelRows) +
             " that are computed together";
  }
  return {};
}

std::shared_ptr<const Experts> cpu_experts(
    RuntimePointer runtime, StoredExperts stored,
    const std::function<std::shared_ptr<const Matrix>(StoredMatrix)>& matrix) {
  return std::make_shared<CpuExperts>(std::move(runtime), std::move(stored), matrix);
}

}  // namespace sanctum::nn
