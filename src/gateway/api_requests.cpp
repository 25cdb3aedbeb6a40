// POST /v1/requests/{id}/cancel: ends a generation, of whichever dialect.
#include "base/json.h"
#include "gateway/api_error.h"
#include "gateway/services.h"

namespace sanctum::gateway {
namespace {

constexpr std::string_view kBelow = "/v1/requests/", kCancel = "/cancel";

void cancel(Services& services, const std::shared_ptr<Exchange>& exchange) {
  const std::string& path = exchange->request().path;
  if (!path.ends_with(kCancel) || path.size() <= kBelow.size() + kCancel.size())
    return exchange->respond(error_response(404, "there is no POST " + path));
  const std::string id = path.substr(kBelow.size(), path.size() - kBelow.size() - kCancel.size());
  if (!services.running->cancel(id, owner_of(exchange->request().peer)))
    return exchange->respond(
        error_response({ErrorCode::kNotFound, "no request '" + id + "' runs", "id"}));
  json::Writer w;
  w.begin_object().field("id", id).field("cancelled", true).end_object();
  HttpResponse response;
  response.body = w.take();
  exchange->respond(std::move(response));
}

}  // namespace

void add_requests(Router& router, Services& services) {
  router.add("POST", std::string(kBelow), [&services](const std::shared_ptr<Exchange>& exchange) {
    cancel(services, exchange);
  });
}

}  // namespace sanctum::gateway
