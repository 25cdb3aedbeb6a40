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

// What our engine says to a request.
enum class Refusal {
  kNone,
  kModel,   // it has not got the model
  kParked,  // it will not come back by itself
};

class Fallback {
 public:
  virtual ~Fallback() = default;
  // Whether this request goes there; with the first that does it takes over.
  virtual bool answers_instead(Refusal refusal) = 0;
  // Answers the exchange, with X-Sanctum-Served-By; on its strand.
  virtual void forward(const std::shared_ptr<Exchange>& exchange, ForwardedRequest request) = 0;
};

}  // namespace sanctum::gateway
