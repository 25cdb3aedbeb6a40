// A request with the pictures that it names by URL, fetched (picture_fetcher.h).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/exchange.h"
#include "gateway/services.h"

namespace sanctum::gateway {

// `then` is called on the exchange's strand, once: at once with the same body where there is
// nothing to fetch, or nothing may be; not when the client has left. Uses the exchange's `gone`.
void fetch_pictures(
    Services& services, const std::shared_ptr<Exchange>& exchange, std::string body,
    const std::function<void(const std::optional<wire::Failure>& failure, std::string body)>& then);

}  // namespace sanctum::gateway
