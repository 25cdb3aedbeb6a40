#include "models/model.h"

#include <mlx/ops.h>

#include <limits>

#include "base/invariant.h"

namespace sanctum::models {

std::unique_ptr<Encoding> Model::begin_encoding(const PreparedPicture&) const {
  SANCTUM_INVARIANT(false, "a picture reached a model without a vision tower");
  std::abort();
}

VisualFeatures Model::encode(const PreparedPicture& picture) const {
  const auto encoding = begin_encoding(picture);
  while (true) {
    encoding->advance(std::numeric_limits<double>::max());
    if (auto features = encoding->take()) return std::move(*features);
  }
}

mx::array token_ids(const std::vector<int>& ids) {
  return mx::array(ids.begin(), {static_cast<int>(ids.size())}, mx::int32);
}

mx::array wanted_rows(const mx::array& hidden, const std::vector<int>& logits_rows) {
  return mx::take(hidden, token_ids(logits_rows), 0);
}

mx::array soft_capped(const mx::array& logits, float cap) {
  if (cap == 0) return logits;
  const mx::array bound(cap);
  return mx::multiply(mx::tanh(mx::divide(logits, bound)), bound);
}

}  // namespace sanctum::models
