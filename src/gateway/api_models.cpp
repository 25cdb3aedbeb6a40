// GET /v1/models and /v1/models/{id}: asked of the engine, every time.
#include <array>
#include <ctime>

#include "base/json.h"
#include "gateway/api_error.h"
#include "gateway/codex_models.h"
#include "gateway/model_names.h"
#include "gateway/readiness.h"
#include "wire/sampling.h"

namespace sanctum::gateway {
namespace {

// As Anthropic writes a time.
std::string utc(std::int64_t unix_s) {
  const auto time = static_cast<std::time_t>(unix_s);
  std::tm parts{};
  std::array<char, 32> text{};
  ::gmtime_r(&time, &parts);
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

void write_model(json::Writer& w, const wire::ModelInfo& model, const Services& services) {
  const Readiness readiness = readiness_of_model(services, model);
  w.begin_object()
      .field("id", model.model)
      .field("object", "model")
      .field("type", "model")  // what Anthropic's clients read
      .field("display_name", model.model)
      .field("created_at", utc(model.created_unix_s))
      .field("created", model.created_unix_s);
  w.field("owned_by", "sanctum")
      .field("state", readiness.state)
      .field("architecture", model.architecture);
  if (!readiness.reason.empty()) w.field("reason", readiness.reason);
  w.field("vision", model.vision).field("tools", model.tools);
  w.field("chat", model.no_chat.empty());
  if (!model.no_chat.empty()) w.field("no_chat", model.no_chat);
  w.key("aliases").begin_array();
  for (const auto& one : services.aliases)
    if (one.model == model.model) w.value(one.alias);
  w.end_array();
  w.field("max_model_len", model.context_tokens);
  if (model.own_context_tokens != 0) w.field("own_context_tokens", model.own_context_tokens);
  w.key("sampling").begin_object();  // its maker's, for what a request leaves out
  wire::write_choice(w, model.sampling);
  w.end_object();
  w.field("quantization", model.quantization).end_object();
}

// A model that failed to load serves nobody; /status shows it.
bool is_served(const wire::ModelInfo& model) {
  return model.state == wire::ModelStage::kReady || model.state == wire::ModelStage::kLoading;
}

void list(Services& services, const std::shared_ptr<Exchange>& exchange) {
  services.engine.models(
      [&services, exchange](const auto& failure, std::vector<wire::ModelInfo> models) {
        exchange->post([&services, exchange, failure, models = std::move(models)] {
          if (failure) return exchange->respond(error_response(*failure));
          json::Writer w;
          w.begin_object().field("object", "list").key("data").begin_array();
          for (const auto& model : models) {
            if (is_served(model)) write_model(w, model, services);
          }
          w.end_array().key("models").begin_array();
          int priority = 0;
          for (const auto& model : models)
            if (is_served(model))
              write_codex_model(w, model, services.reported_context, priority++);
          w.end_array().end_object();
          HttpResponse response;
          response.body = w.take();
          exchange->respond(std::move(response));
        });
      });
}

void show(Services& services, const std::shared_ptr<Exchange>& exchange, const std::string& asked) {
  const std::string id =
      asked.empty() ? asked : meant_model(asked, services.models, services.aliases);
  services.engine.models([&services, exchange, id](const auto& failure,
                                                   std::vector<wire::ModelInfo> models) {
    exchange->post([&services, exchange, id, failure, models = std::move(models)] {
      if (failure) return exchange->respond(error_response(*failure));
      for (const auto& model : models) {
        if (model.model != id || !is_served(model)) continue;
        json::Writer w;
        write_model(w, model, services);
        HttpResponse response;
        response.body = w.take();
        return exchange->respond(std::move(response));
      }
      exchange->respond(
          error_response({ErrorCode::kNotFound, "the model '" + id + "' does not exist", "model"}));
    });
  });
}

}  // namespace

void add_models(Router& router, Services& services) {
  const std::string path = "/v1/models";
  router.add("GET", path,
             [&services](const std::shared_ptr<Exchange>& exchange) { list(services, exchange); });
  router.add("GET", path + "/", [&services, path](const std::shared_ptr<Exchange>& exchange) {
    show(services, exchange, exchange->request().path.substr(path.size() + 1));
  });
}

}  // namespace sanctum::gateway
