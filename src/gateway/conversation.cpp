#include "gateway/conversation.h"

#include <utility>

namespace sanctum::gateway {

void read_conversation(Services& services, const std::shared_ptr<Exchange>& exchange,
                       const std::string& previous,
                       const std::function<void(const std::optional<wire::Failure>& failure,
                                                const std::string& items)>& then) {
  if (previous.empty()) return then({}, {});
  if (services.answers == nullptr)
    return then(wire::Failure{ErrorCode::kInvalid, "nothing is kept here: send the whole input",
                              "previous_response_id"},
                {});
  const auto over = std::make_shared<bool>(false);  // told, or the client has left
  exchange->on_gone([over] { *over = true; });
  exchange->after(kStoreLimit, [over, then] {
    if (std::exchange(*over, true)) return;
    then(store_is_silent(), {});
  });
  services.answers->conversation(
      previous, owner_of(exchange->request().peer),
      [exchange, over, then](const auto& failure, const std::string& items) {
        exchange->post([over, then, failure, items] {
          if (!std::exchange(*over, true)) then(failure, items);
        });
      });
}

}  // namespace sanctum::gateway
