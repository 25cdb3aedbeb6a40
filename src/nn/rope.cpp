#include "nn/rope.h"

#include <mlx/ops.h>

#include <algorithm>
#include <cmath>

#include "base/invariant.h"

namespace sanctum::nn {

std::vector<double> plain_frequencies(int rotated, double theta) {
  std::vector<double> out;
  for (int i = 0; i < rotated; i += 2)
    out.push_back(std::pow(theta, -static_cast<double>(i) / rotated));
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
  return {{mx::slice(angles_.of, {first, 0}, {last, angles_.of.shape(1)})}, backend_};
}

Rotation Rotation::joined(const std::vector<Rotation>& parts) {
  if (parts.size() == 1) return parts.front();
  std::vector<mx::array> angles;
  angles.reserve(parts.size());
  for (const Rotation& part : parts) {
    SANCTUM_INVARIANT(!part.angles_.periods, "a table of angles");
    angles.push_back(part.angles_.of);
  }
  return {{mx::concatenate(angles, 0)}, parts.front().backend_};
}

Rope::Rope(BackendPointer backend, RopeFrequencies frequencies, std::vector<int> axes)
    : backend_(std::move(backend)), frequencies_(std::move(frequencies)), axes_(std::move(axes)) {
  if (!backend_->rotates_by_place()) return;
  std::vector<float> periods;
  periods.reserve(frequencies_.of_pairs.size());
  for (const float frequency : frequencies_.of_pairs) periods.push_back(1 / frequency);
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
  return {{mx::array(places.begin(), {static_cast<int>(places.size())}, mx::int32), periods_,
           frequencies_.magnitude},
          backend_};
}

Rotation Rope::table(const std::vector<Position>& positions) const {
  const std::size_t pairs = frequencies_.of_pairs.size();
  const double magnitude = frequencies_.magnitude;
  std::vector<float> angles(positions.size() * pairs * 2);
  float* to = angles.data();
  for (const Position& position : positions) {
    for (std::size_t i = 0; i < pairs; ++i) {
      const std::size_t axis = axes_.empty() ? 0 : static_cast<std::size_t>(axes_[i]);
      // As the reference rounds it, so that far positions agree with it.
      const float angle = static_cast<float>(position[axis]) * frequencies_.of_pairs[i];
      to[i] = static_cast<float>(magnitude * std::cos(static_cast<double>(angle)));
      to[pairs + i] = static_cast<float>(magnitude * std::sin(static_cast<double>(angle)));
    }
    to += 2 * pairs;
  }
  const mx::Shape shape{static_cast<int>(positions.size()), static_cast<int>(2 * pairs)};
  return {{mx::array(angles.data(), shape, mx::float32)}, backend_};
}

}  // namespace sanctum::nn
