// A picture as a model's processor made it ready for the same model's vision tower. What is in it
// is between these two; everyone else carries it. Immutable.
#pragma once

#include <cstdint>

namespace sanctum::models {

class PreparedPicture {
 public:
  virtual ~PreparedPicture() = default;
  virtual std::uint64_t bytes() const = 0;
};

}  // namespace sanctum::models
