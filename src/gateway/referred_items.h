// Items of a Responses request that name what is kept here, instead of saying it again:
// {"type": "item_reference", "id": "msg_..."}, as clients send them that believe in `store`.
//
// Contract: `then` is told the request with those items in their places, or why not; on the
// exchange's strand, once, and not when the client has left. A request that names none is told as
// it is, at once. Uses the exchange's timer and its `gone`.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/exchange.h"
#include "gateway/services.h"

namespace sanctum::gateway {

inline constexpr std::size_t kReferredAnswersMax = 128;  // whose items one request names

void read_referred_items(
    Services& services, const std::shared_ptr<Exchange>& exchange, std::string body,
    std::function<void(const std::optional<wire::Failure>& failure, std::string body)> then);

}  // namespace sanctum::gateway
