#include "gateway/router.h"

#include "base/log.h"
#include "gateway/api_error.h"
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
  paths_[path].methods[method] = std::move(handler);
}

void Router::spell(const std::string& path, ErrorForm form) {
  paths_[path].form = form;
}

const Router::Path* Router::find(const std::string& path) const {
  auto found = paths_.find(path);
  for (auto end = path.find('/', 1); end != std::string::npos && found == paths_.end();
       end = path.find('/', end + 1)) {
    found = paths_.find(path.substr(0, end + 1));
  }
  return found == paths_.end() ? nullptr : &found->second;
}

std::string Router::spelled(const std::string& path, const ApiError& error) const {
  const Path* found = find(path);
  return found != nullptr && found->form != nullptr ? found->form(error) : openai_error(error);
}

void Router::handle(const std::shared_ptr<Exchange>& exchange) const {
  const HttpRequest& request = exchange->request();
  const Path* found = find(request.path);
  if (found == nullptr) {
    return exchange->respond(
        error_response(404, "there is no " + request.method + " " + request.path));
  }
  const auto& methods = found->methods;
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
