// Another server that answers when our engine cannot. Thread rule: any thread, none blocks.
#pragma once

#include <memory>
#include <string>

#include "gateway/exchange.h"

namespace sanctum::gateway {

struct ForwardedRequest {
  std::string path;
  std::string body;
  std::string model;
};

class Fallback {
 public:
  virtual ~Fallback() = default;
  // Whether this request goes there. `refused`: our engine is parked or has not got the model.
  virtual bool takes(bool refused) = 0;
  // Answers the exchange, with X-Sanctum-Served-By; on its strand.
  virtual void forward(const std::shared_ptr<Exchange>& exchange, ForwardedRequest request) = 0;
};

}  // namespace sanctum::gateway
