#include "gateway/prepared_request.h"

#include <utility>

#include "base/error.h"
#include "gateway/conversation.h"
#include "gateway/fetched_pictures.h"
#include "gateway/model_names.h"
#include "gateway/referred_items.h"
#include "wire/rpc.h"

namespace sanctum::gateway {
namespace {

class Preparation : public std::enable_shared_from_this<Preparation> {
 public:
  using Then = std::function<void(const std::optional<wire::Failure>&, PreparedRequest)>;
  Preparation(Services& services, std::shared_ptr<Exchange> exchange, RequestReader reader,
              Then then)
      : services_(services),
        exchange_(std::move(exchange)),
        reader_(reader),
        then_(std::move(then)) {}

  void begin() {
    fetch_pictures(services_, exchange_, exchange_->take_body(),
                   [self = shared_from_this()](const auto& failure, std::string body) {
                     if (failure) return self->then_(failure, {});
                     self->refer(std::move(body));
                   });
  }

 private:
  void refer(std::string body) {
    if (reader_.continues == nullptr) return decode(std::move(body));
    read_referred_items(services_, exchange_, std::move(body),
                        [self = shared_from_this()](const auto& failure, std::string all) {
                          if (failure) return self->then_(failure, {});
                          self->follow(std::move(all));
                        });
  }
  void follow(std::string body) {
    std::string previous;
    try {
      previous = reader_.continues(json::Document(body).root());
    } catch (const Error& error) {
      return then_(wire::to_failure(error), {});
    }
    read_conversation(services_, exchange_, previous,
                      [self = shared_from_this(), body = std::move(body)](
                          const auto& failure, const std::string& items) {
                        if (failure) return self->then_(failure, {});
                        self->earlier_ = items;
                        self->decode(body);
                      });
  }
  void decode(std::string body) {
    PreparedRequest prepared;
    try {
      prepared.request = decoded(body);
    } catch (const Error& error) {
      return then_(wire::to_failure(error), {});
    }
    prepared.body = std::move(body);
    prepared.continues = !earlier_.empty();
    then_({}, std::move(prepared));
  }
  ApiRequest decoded(const std::string& body) const {
    const json::Document document(body);
    const json::Document items(earlier_.empty() ? "[]" : earlier_);
    const json::Node said = items.root();
    Decoding with{FieldNotes(services_.strict_fields), services_.seal,
                  earlier_.empty() ? nullptr : &said};
    ApiRequest request = reader_.decode(document.root(), with);
    request.ignored = with.notes.ignored_list();
    request.limit = request_limit(exchange_->request().headers);
    request.generate.model =
        meant_model(request.generate.model, services_.models, services_.aliases);
    return request;
  }

  Services& services_;
  const std::shared_ptr<Exchange> exchange_;
  const RequestReader reader_;
  const Then then_;
  std::string earlier_;  // the items of the conversation that it continues, JSON; empty for none
};

}  // namespace

void prepare_request(
    Services& services, const std::shared_ptr<Exchange>& exchange, RequestReader reader,
    std::function<void(const std::optional<wire::Failure>&, PreparedRequest)> then) {
  std::make_shared<Preparation>(services, exchange, reader, std::move(then))->begin();
}

}  // namespace sanctum::gateway
