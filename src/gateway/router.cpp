#include "gateway/router.h"

#include "base/log.h"
#include "gateway/openai_error.h"
#include "wire/rpc.h"

namespace sanctum::gateway {
namespace {

std::string allowed(const std::map<std::string, Handler>& methods) {
  std::string out;
  for (const auto& [method, handler] : methods)
    out += method + (method == "GET" ? ", HEAD, " : ", ");
  return out + "OPTIONS";
}

void call(const Handler& handler, const std::shared_ptr<Exchange>& exchange) {
  try {
    handler(exchange);
  } catch (const Error& error) {
    exchange->respond(error_response(wire::to_failure(error)));
  } catch (const std::exception& error) {
    log::error("handler_failed", {{"id", exchange->id()}, {"error", error.what()}});
    exchange->respond(error_response(500, "internal error"));
  }
}

}  // namespace

void Router::add(const std::string& method, const std::string& path, Handler handler) {
  paths_[path][method] = std::move(handler);
}

void Router::handle(const std::shared_ptr<Exchange>& exchange) const {
  const HttpRequest& request = exchange->request();
  auto found = paths_.find(request.path);
  if (found == paths_.end()) {
    const auto slash = request.path.find('/', 1);
    for (auto end = slash; end != std::string::npos && found == paths_.end();
         end = request.path.find('/', end + 1)) {
      found = paths_.find(request.path.substr(0, end + 1));
    }
  }
  if (found == paths_.end()) {
    return exchange->respond(
        error_response(404, "there is no " + request.method + " " + request.path));
  }
  const auto& methods = found->second;
  const auto handler = methods.find(request.method == "HEAD" ? "GET" : request.method);
  if (handler != methods.end()) return call(handler->second, exchange);
  HttpResponse response;
  if (request.method == "OPTIONS") {
    response.status = 204;
    response.content_type.clear();
  } else {
    response = error_response(405, request.path + " does not take " + request.method);
  }
  response.headers.emplace_back("Allow", allowed(methods));
  exchange->respond(std::move(response));
}

}  // namespace sanctum::gateway
