#include "gateway/readiness.h"

#include <algorithm>

#include "base/size_text.h"

namespace sanctum::gateway {
namespace {

// " (43 % of 1.20 GB)"; nothing before it is known.
std::string share_loaded(const wire::ModelInfo& model) {
  if (model.load_bytes == 0) return {};
  const double share =
      static_cast<double>(model.loaded_bytes) / static_cast<double>(model.load_bytes);
  return " (" + std::to_string(static_cast<int>(share * 100)) + " % of " +
         size_text(model.load_bytes) + ")";
}

std::optional<Readiness> draining(const Services& services) {
  if (!services.draining || !services.draining()) return std::nullopt;
  return Readiness{false, "draining", "the server is shutting down"};
}

// Of those that are loaded.
Readiness proven(const Services& services, const std::vector<wire::ModelInfo>& models) {
  if (!services.proofs) return {true, "ready", {}};
  const auto wrong = unproven(services.proofs->of(models), Clock::now(), services.proof_age_max);
  return wrong ? Readiness{false, "unproven", *wrong} : Readiness{true, "ready", {}};
}

}  // namespace

Readiness readiness_of_server(const Services& services, const std::optional<wire::Failure>& failure,
                              const std::vector<wire::ModelInfo>& models) {
  if (auto ends = draining(services)) return std::move(*ends);
  const EngineStatus engine = services.engine.status();
  if (services.fallback != nullptr) {
    const FallbackTold told = services.fallback->told();
    if (!told.failure.empty() && answers_now(told, engine.state == wire::WorkerState::kParked))
      return {false, "fallback", told.failure};
  }
  if (!engine.up) {
    return {false, std::string(to_string(engine.state)),
            engine.reason.empty() ? "the engine is " + std::string(to_string(engine.state))
                                  : engine.reason};
  }
  if (failure) return {false, "unresponsive", failure->message};
  const bool any = std::any_of(models.begin(), models.end(), [](const auto& model) {
    return model.state == wire::ModelStage::kReady;
  });
  if (any) return proven(services, models);
  std::string failed;
  for (const auto& model : models) {
    if (model.state == wire::ModelStage::kLoading)
      return {false, "loading", "'" + model.model + "' is loading" + share_loaded(model)};
    if (model.failure)
      failed += (failed.empty() ? "" : "; ") + ("'" + model.model + "': " + model.failure->message);
  }
  if (!failed.empty()) return {false, "failed", failed};
  return {false, "empty", "no model is loaded"};
}

Readiness readiness_of_model(const Services& services, const wire::ModelInfo& model) {
  if (model.state != wire::ModelStage::kReady)
    return {false, std::string(to_string(model.state)), {}};
  if (auto ends = draining(services)) return std::move(*ends);
  return proven(services, {model});
}

}  // namespace sanctum::gateway
