// The conversation that a request continues, read from what is kept (answer_store.h).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/exchange.h"
#include "gateway/services.h"

namespace sanctum::gateway {

// The items up to the answer `previous` and its own, JSON; "" at once where `previous` is empty.
// `then` is called on the exchange's strand, once, and not when the client has left. After
// kStoreLimit it is told a failure. Uses the exchange's timer and its `gone`.
void read_conversation(Services& services, const std::shared_ptr<Exchange>& exchange,
                       const std::string& previous,
                       const std::function<void(const std::optional<wire::Failure>& failure,
                                                const std::string& items)>& then);

}  // namespace sanctum::gateway
