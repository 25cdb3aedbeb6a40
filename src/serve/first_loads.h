// Whether a start left anything to serve: of the first loads of all models, not one succeeded.
// Thread rule: any thread.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "wire/messages.h"

namespace sanctum::serve {

class FirstLoads {
 public:
  explicit FirstLoads(std::size_t models) : models_(models) {}

  // A load ended. Why nothing can be served, once every model has failed; nothing while there is
  // hope, and never again after a model was loaded.
  std::optional<std::string> ended(const std::string& model, const wire::Failure* failure);

 private:
  const std::size_t models_;
  std::mutex mutex_;                             // guards the rest
  std::map<std::string, std::string> failures_;  // by model
  bool one_is_ready_ = false;
};

}  // namespace sanctum::serve
