// POST /worker/start, /worker/replace, /worker/restart, /probes, /probes/run, /switches, /fallback
// and /restart, GET /probes and /switches: what the person who runs the server, and its probes,
// tell it over its control socket.
#include "base/json.h"
#include "base/log.h"
#include "gateway/openai_error.h"
#include "gateway/services.h"

namespace sanctum::gateway {
namespace {

constexpr std::size_t kProofsInOneMax = 200;
constexpr std::size_t kIncidentsInOneMax = 200;

void no_content(const std::shared_ptr<Exchange>& exchange) {
  HttpResponse response;
  response.status = 204;
  response.content_type.clear();
  exchange->respond(std::move(response));
}

// {"probe","checks":[{"name","passed","took_us","detail"}],
//  "proofs":[{"model","modality","passed","by","detail"}],
//  "incidents":[{"key","level","what","since_unix_s"}]}
void take_probes(Control& control, const std::shared_ptr<Exchange>& exchange) {
  const json::Document document(exchange->take_body());
  std::vector<OpenIncident> incidents;
  for (const auto& node : document.root().at("incidents").as_array(kIncidentsInOneMax)) {
    incidents.push_back({node.at("key").as_string(), node.at("level").as_string(),
                         node.at("what").as_string(), node.at("since_unix_s").as_int()});
  }
  Proofs& proofs = *control.services.proofs;
  for (const auto& node : document.root().at("proofs").as_array(kProofsInOneMax)) {
    proofs.add(
        {node.at("model").as_string(), node.at("modality").as_string(), node.at("passed").as_bool(),
         node.at("by").as_string(), node.as_string_or("detail", "")},
        Clock::now());
  }
  control.probe_runs.add(document.root().at("probe").as_string(),
                         document.root().at("checks").dump());
  control.probed(std::move(incidents));
  no_content(exchange);
}

}  // namespace

void add_control(Router& router, Control& control) {
  router.add("POST", "/worker/start", [&control](const std::shared_ptr<Exchange>& exchange) {
    log::info("worker_start_asked", {{"id", exchange->id()}});
    control.wake_worker();
    const EngineStatus engine = control.services.engine.status();
    json::Writer w;
    w.begin_object().field("state", engine.state).field("starts", engine.starts).end_object();
    HttpResponse response;
    response.status = 202;
    response.body = w.take();
    exchange->respond(std::move(response));
  });
  router.add("POST", "/worker/replace", [&control](const std::shared_ptr<Exchange>& exchange) {
    const json::Document document(exchange->take_body());
    control.replace_worker(document.root().at("reason").as_string());
    no_content(exchange);
  });
  // {"engine":"/path"}, or {} for the same program.
  router.add("POST", "/worker/restart", [&control](const std::shared_ptr<Exchange>& exchange) {
    const json::Document document(exchange->take_body());
    const json::Node root = document.root();
    root.only({"engine"});
    control.restart_worker(root.as_string_or("engine", ""));
    no_content(exchange);
  });
  router.add("POST", "/probes", [&control](const std::shared_ptr<Exchange>& exchange) {
    if (!control.services.proofs)
      return exchange->respond(error_response(404, "this server has no probes"));
    take_probes(control, exchange);
  });
  router.add("GET", "/probes", [&control](const std::shared_ptr<Exchange>& exchange) {
    HttpResponse response;
    response.body = control.probe_runs.to_json();
    exchange->respond(std::move(response));
  });
  // {"probe":"boots"}
  router.add("POST", "/probes/run", [&control](const std::shared_ptr<Exchange>& exchange) {
    if (!control.services.proofs)
      return exchange->respond(error_response(404, "this server was started with --probes off"));
    const json::Document document(exchange->take_body());
    control.run_probe(document.root().at("probe").as_string());
    no_content(exchange);
  });
  router.add("GET", "/switches", [&control](const std::shared_ptr<Exchange>& exchange) {
    HttpResponse response;
    response.body = wire::encode(control.switches());
    exchange->respond(std::move(response));
  });
  // {"name":"vision","on":false}
  router.add("POST", "/switches", [&control](const std::shared_ptr<Exchange>& exchange) {
    const json::Document document(exchange->take_body());
    const json::Node root = document.root();
    root.only({"name", "on"});
    control.set_switch(root.at("name").as_string(), root.at("on").as_bool());
    HttpResponse response;
    response.body = wire::encode(control.switches());
    exchange->respond(std::move(response));
  });
  // {"mode":"on"}, or {} to ask.
  router.add("POST", "/fallback", [&control](const std::shared_ptr<Exchange>& exchange) {
    const json::Document document(exchange->take_body());
    HttpResponse response;
    response.body = control.fallback(document.root().as_string_or("mode", ""));
    exchange->respond(std::move(response));
  });
  router.add("POST", "/restart", [&control](const std::shared_ptr<Exchange>& exchange) {
    const std::string objection = control.restart();
    if (!objection.empty()) return exchange->respond(error_response(409, objection));
    no_content(exchange);
  });
}

}  // namespace sanctum::gateway
