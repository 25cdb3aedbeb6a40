// One generation, from a decoded request to the last byte of its answer.
//
// It holds a place at the gate, gathers what the engine sends and writes it as fast as the client
// reads: rows that come while a write is pending are merged, so that a slow client costs one row of
// memory, not a queue. A client that leaves cancels its request. Errors before the first byte are
// HTTP errors; after it they are the stream's end. An answer survives its engine: a
// client that streams sees a pause. One that our engine refuses for want of an engine or a model,
// and that has had no output, goes to the fallback. Thread rule: everything on the exchange's
// strand; the engine's callbacks are posted there.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "gateway/dialect.h"
#include "gateway/services.h"

namespace sanctum::gateway {

inline constexpr std::chrono::seconds kKeepAliveEvery{10};  // of silence, so that proxies wait
inline constexpr std::size_t kUnreadBytesMax =
    8u << 20;  // merged rows a stream's client has not taken

// Whether one of our own probes asks: what it learns has to be about our engine, so nobody else may
// answer it.
bool from_probe(const Services& services, const Exchange& exchange);

// `dialect` outlives the answer. `body`: what the client sent, kept for the fallback; empty for a
// request that must not go there.
void start_generation(Services& services, const std::shared_ptr<Exchange>& exchange,
                      const Dialect& dialect, ApiRequest request, std::string body = {});

}  // namespace sanctum::gateway
