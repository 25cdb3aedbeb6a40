#include "gateway/referred_items.h"

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace sanctum::gateway {
namespace {

constexpr const char* kReference = "item_reference";

using Then = std::function<void(const std::optional<wire::Failure>&, std::string)>;

std::optional<std::string> named(const json::Node& item) {
  if (!item.is_object() || !item.has("type")) return std::nullopt;
  const json::Node type = item.at("type");
  if (!type.is_string() || type.as_string() != kReference) return std::nullopt;
  return item.at("id").as_string();
}

// "resp_1" of "msg_1_0": what of an answer is named (responses_answer.cpp); empty for another name.
std::string answer_of(const std::string& item) {
  const std::size_t from = item.find('_'), to = item.rfind('_');
  if (from == std::string::npos || to <= from) return {};
  return "resp_" + item.substr(from + 1, to - from - 1);
}

class Reading : public std::enable_shared_from_this<Reading> {
 public:
  Reading(std::shared_ptr<Exchange> exchange, std::string body, Then then)
      : exchange_(std::move(exchange)), body_(std::move(body)), then_(std::move(then)) {}

  void start(Services& services) {
    try {
      const json::Document document(body_);
      std::set<std::string> answers;
      if (const auto input = input_of(document.root()))
        for (const auto& item : input->as_array(wire::kMessagesMax))
          if (const auto id = named(item)) answers.insert(answer_of(*id));
      if (answers.empty()) return end({});
      if (answers.size() > kReferredAnswersMax)
        throw Error(ErrorCode::kInvalid,
                    "'input' names items of more than " + std::to_string(kReferredAnswersMax) +
                        " answers; send the items themselves",
                    "input");
      left_ = answers.size();
      exchange_->on_gone([self = shared_from_this()] { self->over_ = true; });
      exchange_->after(kStoreLimit, [self = shared_from_this()] { self->end(store_is_silent()); });
      for (const auto& answer : answers) ask(services, answer);
    } catch (const Error& error) {
      end(wire::Failure{error.code(), error.what(), error.field()});
    }
  }

 private:
  static std::optional<json::Node> input_of(const json::Node& root) {
    if (!root.is_object()) return std::nullopt;
    const auto input = root.get("input");
    return input && input->is_array() ? input : std::nullopt;
  }

  void ask(Services& services, const std::string& answer) {
    if (services.answers == nullptr) return heard(std::nullopt, std::nullopt);
    services.answers->find(answer, owner_of(exchange_->request().peer),
                           [self = shared_from_this()](const auto& failure, auto found) {
                             self->exchange_->post([self, failure, found = std::move(found)] {
                               self->heard(failure, found);
                             });
                           });
  }

  void heard(const std::optional<wire::Failure>& failure, const std::optional<KeptAnswer>& found) {
    if (over_) return;
    if (failure) return end(failure);
    if (found) outputs_.push_back(found->output);
    if (--left_ > 0) return;
    try {
      body_ = with_items();
      end({});
    } catch (const Error& error) {
      end(wire::Failure{error.code(), error.what(), error.field()});
    }
  }

  std::string with_items() const {
    std::map<std::string, std::string> known;
    for (const auto& output : outputs_) {
      const json::Document items(output, {}, json::kOwnDepthMax);
      for (const auto& item : items.root().as_array())
        known.emplace(item.as_string_or("id", ""), item.dump());
    }
    const json::Document document(body_);
    json::Writer w;
    w.begin_object();
    for (const auto& [key, value] : document.root().members()) {
      w.key(key);
      if (key == "input")
        write_input(w, value, known);
      else
        w.raw(value.dump());
    }
    return w.end_object().take();
  }

  static void write_input(json::Writer& w, const json::Node& input,
                          const std::map<std::string, std::string>& known) {
    std::size_t bytes = 0;
    w.begin_array();
    for (const auto& item : input.as_array()) {
      const auto id = named(item);
      if (!id) {
        w.raw(item.dump());
        continue;
      }
      const auto found = known.find(*id);
      if (found == known.end())
        item.at("id").fail("\"" + *id + "\" is not kept here: send the item itself");
      bytes += found->second.size();
      if (bytes > kConversationBytesMax)
        item.at("id").fail("leads to more than the " + std::to_string(kConversationBytesMax) +
                           " bytes of kept items that one request may name");
      w.raw(found->second);
    }
    w.end_array();
  }

  void end(const std::optional<wire::Failure>& failure) {
    if (!std::exchange(over_, true)) then_(failure, std::move(body_));
  }

  const std::shared_ptr<Exchange> exchange_;
  std::string body_;
  const Then then_;
  bool over_ = false;  // told, or the client has left
  std::size_t left_ = 0;
  std::vector<std::string> outputs_;
};

}  // namespace

void read_referred_items(Services& services, const std::shared_ptr<Exchange>& exchange,
                         std::string body, Then then) {
  if (body.find(kReference) == std::string::npos) return then({}, std::move(body));
  std::make_shared<Reading>(exchange, std::move(body), std::move(then))->start(services);
}

}  // namespace sanctum::gateway
