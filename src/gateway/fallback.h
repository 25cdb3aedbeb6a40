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

// How it stands, for people.
struct FallbackTold {
  std::string where;
  std::string mode;  // auto, on, off
  bool has_taken_over = false;
  std::string failure;  // of the request that went there last, not long ago; empty: none
};

class Fallback {
 public:
  virtual ~Fallback() = default;
  virtual FallbackTold told() const = 0;
  // Whether this request goes there; with the first that does it takes over.
  virtual bool answers_instead(Refusal refusal) = 0;
  // Answers the exchange, with X-Sanctum-Served-By; on its strand.
  virtual void forward(const std::shared_ptr<Exchange>& exchange, ForwardedRequest request) = 0;
};

// Whether a request that comes now goes there. `parked`: our engine is.
inline bool answers_now(const FallbackTold& told, bool parked) {
  return told.mode == "on" || (told.mode == "auto" && (told.has_taken_over || parked));
}

}  // namespace sanctum::gateway
