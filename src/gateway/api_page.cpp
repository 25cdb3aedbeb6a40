// GET /: the page on which a person talks to the model, and what it consists of under /page/.
#include "base/json.h"
#include "gateway/page_files.h"
#include "gateway/services.h"

namespace sanctum::gateway {
namespace {

constexpr std::string_view kIndex = "index.html";
constexpr std::string_view kSetupMark = "SETUP";  // stands in kIndex for what varies
// It runs and asks nothing but this server's own, and nobody frames it.
constexpr const char* kContentPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

std::string type_of(std::string_view name) {
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  return "text/html; charset=utf-8";
}

std::string setup(const Services& services) {
  json::Writer w;
  const ListenUrls urls = services.urls();
  w.begin_object().field("http", urls.plain).field("mtls", urls.mtls);
  w.field("certificates", services.certificates);
  w.field("key", services.wants_key && services.wants_key()).end_object();
  std::string text = w.take();
  for (std::size_t at = 0; (at = text.find('<', at)) != std::string::npos;)
    text.replace(at, 1, "\\u003c");
  return text;
}

HttpResponse response_for(const PageFile& file, const Services& services) {
  HttpResponse response;
  response.content_type = type_of(file.name);
  response.body = file.text;
  if (file.name == kIndex)
    response.body.replace(response.body.find(kSetupMark), kSetupMark.size(), setup(services));
  response.headers = {{"Cache-Control", "no-store"},
                      {"Content-Security-Policy", kContentPolicy},
                      {"Referrer-Policy", "no-referrer"},
                      {"X-Content-Type-Options", "nosniff"}};
  return response;
}

}  // namespace

void add_page(Router& router, Services& services) {
  for (const PageFile& file : page_files()) {
    const std::string path = file.name == kIndex ? "/" : "/page/" + std::string(file.name);
    router.add("GET", path, [&services, &file](const std::shared_ptr<Exchange>& exchange) {
      exchange->respond(response_for(file, services));
    });
  }
}

}  // namespace sanctum::gateway
