// `sanctum models info` of a model that is not served: what it would take of memory.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace sanctum {

struct PredictionOptions {
  std::string kv_bytes, kv_type;  // as `serve` takes them; empty: as it has them by default
  bool json = false;
};
void add_prediction_options(CLI::App& command, PredictionOptions& options);

// `not_served`: why no server tells of it, for the case that it is not here either. Returns the
// exit code. Throws Error.
int print_prediction(const std::string& model, const PredictionOptions& options,
                     const std::string& not_served);

}  // namespace sanctum
