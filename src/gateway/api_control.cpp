// POST /worker/start, /worker/replace, /worker/restart, /probes, /probes/run, /switches, /fallback
// and /restart, GET /probes and /switches: what the person who runs the server, and its probes,
// tell it over its control socket.
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "gateway/api_error.h"
#include "gateway/control.h"

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

// {"probe","began_us","checks":[{"name","passed","took_us","detail"}],
//  "proofs":[{"model","modality","passed","by","detail"}],
//  "incidents":[{"key","level","what","since_unix_s"}]}
void take_probes(Services& services, ControlDesk& desk, ProbeRuns& runs,
                 const std::shared_ptr<Exchange>& exchange) {
  const json::Document document(exchange->take_body());
  std::vector<OpenIncident> incidents;
  for (const auto& node : document.root().at("incidents").as_array(kIncidentsInOneMax)) {
    incidents.push_back({node.at("key").as_string(), node.at("level").as_string(),
                         node.at("what").as_string(), node.at("since_unix_s").as_int()});
  }
  Proofs& proofs = *services.proofs;
  for (const auto& node : document.root().at("proofs").as_array(kProofsInOneMax)) {
    proofs.add(
        {node.at("model").as_string(), node.at("modality").as_string(), node.at("passed").as_bool(),
         node.at("by").as_string(), node.as_string_or("detail", "")},
        Clock::now());
  }
  runs.add(document.root().at("probe").as_string(), document.root().at("began_us").as_int(),
           document.root().at("checks").dump());
  desk.probed(std::move(incidents));
  no_content(exchange);
}

}  // namespace

void add_control(Router& router, Services& services, ControlDesk& desk, ProbeRuns& runs) {
  router.add("POST", "/worker/start",
             [&services, &desk](const std::shared_ptr<Exchange>& exchange) {
               log::info("worker_start_asked", {{"id", exchange->id()}});
               desk.wake_worker();
               const EngineStatus engine = services.engine.status();
               json::Writer w;
               w.begin_object()
                   .field("state", to_string(engine.state))
                   .field("starts", engine.starts)
                   .end_object();
               HttpResponse response;
               response.status = 202;
               response.body = w.take();
               exchange->respond(std::move(response));
             });
  router.add("POST", "/worker/replace", [&desk](const std::shared_ptr<Exchange>& exchange) {
    const json::Document document(exchange->take_body());
    desk.replace_worker(document.root().at("reason").as_string());
    no_content(exchange);
  });
  // {"engine":"/path"}, or {} for the same program.
  router.add("POST", "/worker/restart", [&desk](const std::shared_ptr<Exchange>& exchange) {
    const json::Document document(exchange->take_body());
    const json::Node root = document.root();
    root.only({"engine"});
    desk.restart_worker(root.as_string_or("engine", ""));
    no_content(exchange);
  });
  router.add("POST", "/probes",
             [&services, &desk, &runs](const std::shared_ptr<Exchange>& exchange) {
               if (!services.proofs)
                 return exchange->respond(error_response(404, "this server has no probes"));
               take_probes(services, desk, runs, exchange);
             });
  router.add("GET", "/probes", [&runs](const std::shared_ptr<Exchange>& exchange) {
    HttpResponse response;
    response.body = runs.to_json();
    exchange->respond(std::move(response));
  });
  // {"probe":"boots"}
  router.add("POST", "/probes/run", [&services, &desk](const std::shared_ptr<Exchange>& exchange) {
    if (!services.proofs)
      return exchange->respond(error_response(404, "this server was started with --probes off"));
    const json::Document document(exchange->take_body());
    desk.run_probe(document.root().at("probe").as_string());
    no_content(exchange);
  });
  router.add("GET", "/switches", [&desk](const std::shared_ptr<Exchange>& exchange) {
    HttpResponse response;
    response.body = wire::encode(desk.switches());
    exchange->respond(std::move(response));
  });
  // {"name":"vision","on":false}
  router.add("POST", "/switches", [&desk](const std::shared_ptr<Exchange>& exchange) {
    const json::Document document(exchange->take_body());
    const json::Node root = document.root();
    root.only({"name", "on"});
    desk.set_switch(root.at("name").as_string(), root.at("on").as_bool());
    HttpResponse response;
    response.body = wire::encode(desk.switches());
    exchange->respond(std::move(response));
  });
  // {"mode":"on"}, or {} to ask.
  router.add("POST", "/fallback", [&desk](const std::shared_ptr<Exchange>& exchange) {
    const json::Document document(exchange->take_body());
    HttpResponse response;
    response.body = desk.fallback(document.root().as_string_or("mode", ""));
    exchange->respond(std::move(response));
  });
  // {"wrong":"..."}: what whoever asks found wrong just now
  router.add("POST", "/restart", [&services, &desk](const std::shared_ptr<Exchange>& exchange) {
    const json::Document document(exchange->take_body());
    // Before it may have cut them.
    const int running = services.gate.running() + services.gate.waiting();
    const std::string objection = desk.restart(document.root().as_string_or("wrong", ""));
    if (!objection.empty()) return exchange->respond(error_response(409, objection));
    json::Writer w;
    w.begin_object().field("pid", static_cast<int>(::getpid()));
    w.field("running", running);
    w.field("drain_s", desk.drain_s()).end_object();
    HttpResponse response;
    response.body = w.take();
    exchange->respond(std::move(response));
  });
}

}  // namespace sanctum::gateway
