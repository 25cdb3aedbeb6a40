// What can be done with a response that is kept, or still comes: below /v1/responses/.
#include <algorithm>
#include <utility>

#include "base/json.h"
#include "gateway/api_error.h"
#include "gateway/conversation.h"
#include "gateway/services.h"

namespace sanctum::gateway {
namespace {

constexpr std::string_view kBelow = "/v1/responses/";
constexpr std::int64_t kItemsDefault = 20, kItemsMax = 100;  // of one page, as OpenAI's

// "resp_1/input_items"
struct Asked {
  std::string id, what;
};
Asked asked_of(const std::string& path) {
  const std::string below = path.substr(kBelow.size());
  const std::size_t slash = below.find('/');
  if (slash == std::string::npos) return {below, {}};
  return {below.substr(0, slash), below.substr(slash + 1)};
}

void respond(const std::shared_ptr<Exchange>& exchange, std::string body) {
  HttpResponse response;
  response.body = std::move(body);
  exchange->respond(std::move(response));
}

void respond_unknown(const std::shared_ptr<Exchange>& exchange, const std::string& id) {
  exchange->respond(error_response(
      {ErrorCode::kNotFound, "the response '" + id + "' is not kept here", "response_id"}));
}

void respond_when_silent(const std::shared_ptr<Exchange>& exchange) {
  exchange->after(kStoreLimit,
                  [exchange] { exchange->respond(error_response(store_is_silent())); });
}

// Calls `then` with what is found, on the strand, or answers why nothing is.
void find(Services& services, const std::shared_ptr<Exchange>& exchange, const std::string& id,
          std::function<void(const KeptAnswer&)> then) {
  if (services.answers == nullptr) return respond_unknown(exchange, id);
  respond_when_silent(exchange);
  services.answers->find(id, owner_of(exchange->request().peer),
                         [exchange, id, then = std::move(then)](const auto& failure, auto found) {
                           exchange->post([exchange, id, then, failure, found = std::move(found)] {
                             if (failure) return exchange->respond(error_response(*failure));
                             found ? then(*found) : respond_unknown(exchange, id);
                           });
                         });
}

// The value of "name" in "a=b&name=c".
std::string parameter(const std::string& query, std::string_view name) {
  for (std::size_t at = 0; at < query.size();) {
    const std::size_t end = std::min(query.find('&', at), query.size());
    const std::string one = query.substr(at, end - at);
    if (one.starts_with(std::string(name) + "="))
      return percent_decode(std::string_view(one).substr(name.size() + 1));
    at = end + 1;
  }
  return {};
}

struct Page {
  bool ascending = false;
  std::size_t limit = kItemsDefault;
  std::string after;  // the id of an item
};
Page page_of(const std::string& query) {
  Page page;
  const std::string order = parameter(query, "order"), limit = parameter(query, "limit");
  if (!order.empty() && order != "asc" && order != "desc")
    throw Error(ErrorCode::kInvalid, "'order' must be \"asc\" or \"desc\"", "order");
  page.ascending = order == "asc";
  if (!limit.empty())
    page.limit =
        static_cast<std::size_t>(json::Document(limit, "limit").root().as_int(1, kItemsMax));
  page.after = parameter(query, "after");
  return page;
}

// Items have names here, by which a page begins; those that a client did not name get theirs.
std::string items_page(const std::string& items, const std::string& id, const Page& page) {
  const json::Document document(items, {}, json::kOwnDepthMax);
  std::vector<std::pair<std::string, json::Node>> named;
  for (const auto& item : document.root().as_array())
    named.emplace_back(item.as_string_or("id", "in_" + id + "_" + std::to_string(named.size())),
                       item);
  if (!page.ascending) std::reverse(named.begin(), named.end());
  auto from = named.begin();
  if (!page.after.empty()) {
    from = std::find_if(named.begin(), named.end(),
                        [&](const auto& one) { return one.first == page.after; });
    if (from == named.end())
      throw Error(ErrorCode::kInvalid, "'after' names no item of it", "after");
    ++from;
  }
  const auto left = static_cast<std::size_t>(named.end() - from);
  const auto to = from + static_cast<std::ptrdiff_t>(std::min(left, page.limit));
  json::Writer w;
  w.begin_object().field("object", "list").key("data").begin_array();
  for (auto one = from; one != to; ++one) {
    w.begin_object().field("id", one->first);
    for (const auto& [key, value] : one->second.members())
      if (key != "id") w.key(key).raw(value.dump());
    w.end_object();
  }
  w.end_array().key("first_id");
  from == to ? w.null() : w.value(from->first);
  w.key("last_id");
  from == to ? w.null() : w.value((to - 1)->first);
  w.field("has_more", left > page.limit).end_object();
  return w.take();
}

void show_input(Services& services, const std::shared_ptr<Exchange>& exchange,
                const std::string& id) {
  const Page page = page_of(exchange->request().query);
  find(services, exchange, id, [&services, exchange, id, page](const KeptAnswer& answer) {
    read_conversation(
        services, exchange, answer.previous,
        [exchange, id, page, own = answer.input](const auto& failure, const std::string& before) {
          // What came before may be kept no more; its own is.
          if (failure && failure->code != ErrorCode::kNotFound)
            return exchange->respond(error_response(*failure));
          std::string all = own;
          if (before.size() > 2) all = before.substr(0, before.size() - 1) + "," + own.substr(1);
          try {
            respond(exchange, items_page(all, id, page));
          } catch (const Error& error) {
            exchange->respond(error_response({error.code(), error.what(), error.field()}));
          }
        });
  });
}

void show(Services& services, const std::shared_ptr<Exchange>& exchange) {
  const Asked asked = asked_of(exchange->request().path);
  if (asked.what == "input_items") return show_input(services, exchange, asked.id);
  if (!asked.what.empty())
    return exchange->respond(error_response(404, "there is no GET " + exchange->request().path));
  if (parameter(exchange->request().query, "stream") == "true")
    throw Error(ErrorCode::kInvalid, "'stream' is not supported here: what is kept is whole",
                "stream");
  find(services, exchange, asked.id,
       [exchange](const KeptAnswer& answer) { respond(exchange, answer.object); });
}

void remove(Services& services, const std::shared_ptr<Exchange>& exchange) {
  const Asked asked = asked_of(exchange->request().path);
  if (services.answers == nullptr || !asked.what.empty())
    return respond_unknown(exchange, asked.id);
  respond_when_silent(exchange);
  services.answers->remove(
      asked.id, owner_of(exchange->request().peer),
      [exchange, id = asked.id](const auto& failure, bool was_there) {
        exchange->post([exchange, id, failure, was_there] {
          if (failure) return exchange->respond(error_response(*failure));
          if (!was_there) return respond_unknown(exchange, id);
          json::Writer w;
          w.begin_object().field("id", id).field("object", "response").field("deleted", true);
          respond(exchange, w.end_object().take());
        });
      });
}

void cancel(Services& services, const std::shared_ptr<Exchange>& exchange) {
  const Asked asked = asked_of(exchange->request().path);
  if (asked.what != "cancel")
    return exchange->respond(error_response(404, "there is no POST " + exchange->request().path));
  if (services.running->cancel(asked.id, owner_of(exchange->request().peer))) {
    json::Writer w;
    w.begin_object().field("id", asked.id).field("object", "response");
    return respond(exchange, w.field("status", "cancelled").end_object().take());
  }
  find(services, exchange, asked.id, [exchange](const KeptAnswer& answer) {
    exchange->respond(error_response(
        {ErrorCode::kInvalid, "the response '" + answer.id + "' is over", "response_id"}));
  });
}

}  // namespace

void add_responses(Router& router, Services& services) {
  const std::pair<const char*, void (*)(Services&, const std::shared_ptr<Exchange>&)> kVerbs[] = {
      {"GET", show}, {"DELETE", remove}, {"POST", cancel}};
  for (const auto& [method, what] : kVerbs)
    router.add(
        method, std::string(kBelow),
        [&services, what](const std::shared_ptr<Exchange>& exchange) { what(services, exchange); });
}

}  // namespace sanctum::gateway
