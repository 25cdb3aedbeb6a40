// One generation, from a decoded request to the last byte of its answer.
//
// It holds a place at the gate, gathers what the engine sends and writes it as fast as the client
// reads: rows that come while a write is pending are merged, so that a slow client costs one row of
// memory, not a queue. A client that leaves cancels its request. Errors before the first byte are
// HTTP errors; after it they are an SSE event, then [DONE]. An answer in one piece survives an
// engine. Thread rule: everything on the exchange's strand; the engine's callbacks are posted
// there.
#pragma once

#include <chrono>
#include <memory>

#include "gateway/answer.h"
#include "gateway/services.h"

namespace sanctum::gateway {

inline constexpr std::chrono::seconds kKeepAliveEvery{10};  // an SSE comment, so that proxies wait
inline constexpr std::chrono::hours kRequestLimit{1};       // a request, whatever happens
inline constexpr std::size_t kUnreadBytesMax =
    8u << 20;  // merged rows a stream's client has not taken

void start_generation(Services& services, const std::shared_ptr<Exchange>& exchange,
                      const std::string& api, ApiRequest request,
                      std::unique_ptr<AnswerShape> shape);

}  // namespace sanctum::gateway
