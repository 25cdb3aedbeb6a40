// A dialect's request made ready to be computed: its pictures fetched, what it names of what is
// kept here put in its place, the conversation read that it continues, and all of it decoded.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/api_request.h"
#include "gateway/exchange.h"
#include "gateway/services.h"

namespace sanctum::gateway {

// As of a Dialect (dialect.h).
struct RequestReader {
  ApiRequest (*decode)(const json::Node& body, Decoding& with) = nullptr;
  std::string (*continues)(const json::Node& body) = nullptr;
};

struct PreparedRequest {
  ApiRequest request;      // for one of the served models, if any is meant
  std::string body;        // as it was decoded
  bool continues = false;  // what is kept here
};

// `then` is called on the exchange's strand, once, and not when the client has left; with a failure
// there is no request. Uses the exchange's timer and its `gone`.
void prepare_request(
    Services& services, const std::shared_ptr<Exchange>& exchange, RequestReader reader,
    std::function<void(const std::optional<wire::Failure>&, PreparedRequest)> then);

}  // namespace sanctum::gateway
