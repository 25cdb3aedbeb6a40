#include "nn/stock/stock_experts.h"

#include <mlx/device.h>
#include <mlx/ops.h>

#include <utility>

namespace sanctum::nn {
namespace {

// From so many pairs of a row and an expert on, sorting them costs less than it saves (mlx-lm).
constexpr int kSortedFrom = 64;

// Shaped [experts, outputs, columns] once, when it is loaded.
StoredMatrix stacked(StoredMatrix matrix, int experts) {
  const auto apart = [experts](const mx::array& of) {
    return mx::reshape(of, {experts, of.shape(0) / experts, of.shape(1)});
  };
  matrix.weight = apart(matrix.weight);
  if (matrix.scales) matrix.scales = apart(*matrix.scales);
  if (matrix.biases) matrix.biases = apart(*matrix.biases);
  return matrix;
}

class StockExperts final : public Experts {
 public:
  // `backend` owns what computes with this, and outlives it.
  StockExperts(StoredExperts stored, const Backend& backend)
      : gate_(stacked(std::move(stored.gate), stored.experts)),
        up_(stacked(std::move(stored.up), stored.experts)),
        down_(stacked(std::move(stored.down), stored.experts)),
        act_(stored.act),
        routing_(stored.routing),
        scales_(std::move(stored.scales)),
        gate_bias_(std::move(stored.gate_bias)),
        up_bias_(std::move(stored.up_bias)),
        down_bias_(std::move(stored.down_bias)),
        backend_(backend) {}

  mx::array operator()(const mx::array& x, const mx::array& logits) const override {
    const int rows = x.shape(0), chosen = routing_.chosen, width = x.shape(1);
    const mx::array wide = mx::astype(logits, mx::float32);
    const mx::array experts =
        mx::slice(mx::argpartition(mx::negative(wide), chosen - 1, -1), {0, 0}, {rows, chosen});
    mx::array weights = mx::take_along_axis(
        routing_.over_chosen ? wide : mx::softmax(wide, -1, /*precise=*/true), experts, -1);
    if (routing_.over_chosen) weights = mx::softmax(weights, -1, /*precise=*/true);
    if (scales_)
      weights = mx::multiply(weights, mx::take(mx::astype(*scales_, mx::float32), experts, 0));

    // [pairs, 1, width], a pair after another
    mx::array order = mx::flatten(experts), pairs = mx::expand_dims(mx::repeat(x, chosen, 0), 1);
    std::optional<mx::array> back;
    if (rows * chosen >= kSortedFrom) {
      const mx::array sorted = mx::argsort(order);
      back = mx::argsort(sorted);
      pairs = mx::take(pairs, sorted, 0);
      order = mx::take(order, sorted, 0);
    }
    const bool is_sorted = back.has_value();
    const auto by = [&](const StoredMatrix& w, const std::optional<mx::array>& bias,
                        const mx::array& of) {
      const mx::array y = multiply(w, of, order, is_sorted);
      return bias ? mx::add(y, mx::expand_dims(mx::take(*bias, order, 0), 1)) : y;
    };
    const mx::array hidden =
        backend_.gate(act_, by(gate_, gate_bias_, pairs), by(up_, up_bias_, pairs));
    mx::array out = by(down_, down_bias_, hidden);
    if (back) out = mx::take(out, *back, 0);
    out = mx::reshape(out, {rows, chosen, width});
    const mx::array sum = mx::sum(mx::multiply(out, mx::expand_dims(weights, -1)), -2);
    return mx::astype(sum, x.dtype());
  }

 private:
  static mx::array multiply(const StoredMatrix& w, const mx::array& x, const mx::array& experts,
                            bool sorted) {
    if (!w.scales) {
      // On a CPU MLX does this in float32 alone.
      const bool narrow = mx::default_device() == mx::Device::cpu && x.dtype() != mx::float32;
      const auto wide = [&](const mx::array& a) { return narrow ? mx::astype(a, mx::float32) : a; };
      const mx::array y = mx::gather_mm(wide(x), wide(mx::swapaxes(w.weight, -1, -2)), std::nullopt,
                                        experts, sorted);
      return mx::astype(y, x.dtype());
    }
    mx::array y = mx::gather_qmm(x, w.weight, *w.scales, w.biases, std::nullopt, experts,
                                 /*transpose=*/true, w.group_size, w.bits, to_string(w.mode),
                                 std::nullopt, sorted);
    if (!w.factors) return y;
    const mx::array factors = mx::reshape(mx::take(*w.factors, experts, 0), {-1, 1, 1});
    return mx::astype(mx::multiply(y, factors), x.dtype());
  }

  StoredMatrix gate_, up_, down_;
  kernels::Activation act_;
  Routing routing_;
  std::optional<mx::array> scales_, gate_bias_, up_bias_, down_bias_;
  const Backend& backend_;
};

}  // namespace

std::shared_ptr<const Experts> stock_experts(StoredExperts stored, const Backend& backend) {
  return std::make_shared<StockExperts>(std::move(stored), backend);
}

}  // namespace sanctum::nn
