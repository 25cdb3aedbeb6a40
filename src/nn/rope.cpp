#include "nn/rope.h"

#include <mlx/ops.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "base/error.h"
#include "base/invariant.h"
#include "base/json.h"

namespace sanctum::nn {
namespace {

// Llama 3.1's long-context scaling (llama-models, `apply_scaling`): long wavelengths are stretched
// by `factor`, short ones kept, the band between is blended.
double llama3_scaled(double frequency, const json::Node& scaling) {
  const double factor = scaling.at("factor").as_double(1e-3);
  const auto positive = [&](std::string_view key, double fallback) {
    const auto node = scaling.get(key);
    return node ? node->as_double(1e-3) : fallback;
  };
  const double low = positive("low_freq_factor", 1.0);
  const double high = positive("high_freq_factor", 4.0);
  const double context = positive("original_max_position_embeddings", 8192);
  if (high <= low) scaling.at("high_freq_factor").fail("must be over low_freq_factor");
  const double wavelength = 2 * std::numbers::pi / frequency;
  if (wavelength > context / low) return frequency / factor;
  if (wavelength < context / high) return frequency;
  const double smooth = (context / wavelength - low) / (high - low);
  return (1 - smooth) * frequency / factor + smooth * frequency;
}

}  // namespace

std::vector<float> rope_inverse_frequencies(int head_size, double theta,
                                            const json::Node* scaling) {
  std::string kind = "default";
  if (scaling != nullptr) {
    const auto plain = [](const std::string& name) { return name == "default" || name == "mrope"; };
    const std::string old_name = scaling->as_string_or("type", "default");
    kind = scaling->as_string_or("rope_type", old_name);
    if (scaling->has("type") && kind != old_name && !(plain(kind) && plain(old_name)))
      scaling->at("type").fail("is '" + old_name + "', but rope_type is '" + kind + "'");
  }
  if (kind != "default" && kind != "linear" && kind != "llama3" && kind != "mrope") {
    scaling->fail("asks for rope type '" + kind +
                  "'; default, linear, llama3 and mrope are supported");
  }
  std::vector<float> out;
  for (int i = 0; i < head_size; i += 2) {
    double frequency = std::pow(theta, -static_cast<double>(i) / head_size);
    if (kind == "linear") frequency /= scaling->at("factor").as_double(1e-3);
    if (kind == "llama3") frequency = llama3_scaled(frequency, *scaling);
    out.push_back(static_cast<float>(frequency));
  }
  return out;
}

std::vector<int> interleaved_axes(const std::array<int, 3>& section, int pairs) {
  std::vector<int> axes(static_cast<std::size_t>(pairs), 0);
  for (int axis = 1; axis < 3; ++axis) {
    for (int i = axis; i < std::min(section[static_cast<std::size_t>(axis)] * 3, pairs); i += 3) {
      axes[static_cast<std::size_t>(i)] = axis;
    }
  }
  return axes;
}

Rotation Rotation::rows(int first, int last) const {
  SANCTUM_INVARIANT(!angles_.periods, "a table of angles");
  return {{mx::slice(angles_.of, {first, 0}, {last, angles_.of.shape(1)}), {}}, backend_};
}

Rotation Rotation::joined(const std::vector<Rotation>& parts) {
  if (parts.size() == 1) return parts.front();
  std::vector<mx::array> angles;
  angles.reserve(parts.size());
  for (const Rotation& part : parts) {
    SANCTUM_INVARIANT(!part.angles_.periods, "a table of angles");
    angles.push_back(part.angles_.of);
  }
  return {{mx::concatenate(angles, 0), {}}, parts.front().backend_};
}

Rope::Rope(BackendPointer backend, std::vector<float> inverse_frequencies, std::vector<int> axes)
    : backend_(std::move(backend)),
      inverse_frequencies_(std::move(inverse_frequencies)),
      axes_(std::move(axes)) {
  if (!backend_->rotates_by_place()) return;
  std::vector<float> periods;
  periods.reserve(inverse_frequencies_.size());
  for (const float frequency : inverse_frequencies_) periods.push_back(1 / frequency);
  periods_ = mx::array(periods.begin(), {static_cast<int>(periods.size())}, mx::float32);
}

Rotation Rope::at(const std::vector<Position>& positions) const {
  const bool plain = axes_.empty() ||
                     std::all_of(positions.begin(), positions.end(), [](const Position& position) {
                       return position[0] == position[1] && position[0] == position[2];
                     });
  if (!periods_ || !plain) return table(positions);
  std::vector<int> places;
  places.reserve(positions.size());
  for (const Position& position : positions) places.push_back(position[0]);
  return {{mx::array(places.begin(), {static_cast<int>(places.size())}, mx::int32), periods_},
          backend_};
}

Rotation Rope::table(const std::vector<Position>& positions) const {
  const std::size_t pairs = inverse_frequencies_.size();
  std::vector<float> angles(positions.size() * pairs * 2);
  float* to = angles.data();
  for (const Position& position : positions) {
    for (std::size_t i = 0; i < pairs; ++i) {
      const std::size_t axis = axes_.empty() ? 0 : static_cast<std::size_t>(axes_[i]);
      // As the reference rounds it, so that far positions agree with it.
      const float angle = static_cast<float>(position[axis]) * inverse_frequencies_[i];
      to[i] = static_cast<float>(std::cos(static_cast<double>(angle)));
      to[pairs + i] = static_cast<float>(std::sin(static_cast<double>(angle)));
    }
    to += 2 * pairs;
  }
  const mx::Shape shape{static_cast<int>(positions.size()), static_cast<int>(2 * pairs)};
  return {{mx::array(angles.data(), shape, mx::float32), {}}, backend_};
}

}  // namespace sanctum::nn
