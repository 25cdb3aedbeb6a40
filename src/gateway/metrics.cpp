#include "gateway/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>

namespace sanctum::gateway {

namespace {

using prometheus::Histogram;

Histogram::BucketBoundaries seconds_buckets() {
  return {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
          0.5,    1,     2.5,    5,     10,   30,    60,   120, 300};
}

constexpr double kMicro = 1e-6;

}  // namespace

struct Metrics::Families {
  template <class Builder>
  static auto& family(Builder builder, prometheus::Registry& registry, const char* name,
                      const char* help) {
    return builder.Name(name).Help(help).Register(registry);
  }
  prometheus::Family<prometheus::Counter>& counters(const char* name, const char* help) {
    return family(prometheus::BuildCounter(), registry, name, help);
  }
  prometheus::Family<prometheus::Gauge>& gauges(const char* name, const char* help) {
    return family(prometheus::BuildGauge(), registry, name, help);
  }
  prometheus::Family<prometheus::Histogram>& histograms(const char* name, const char* help) {
    return family(prometheus::BuildHistogram(), registry, name, help);
  }

  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      counters("sanctum_requests_total", "Requests by API and HTTP status.");
  prometheus::Family<prometheus::Histogram>& durations = histograms(
      "sanctum_request_seconds", "Time from a request's last byte to its answer's last byte.");
  prometheus::Family<prometheus::Histogram>& phases =
      histograms("sanctum_request_phase_seconds", "Time in queue, vision, prefill and decode.");
  prometheus::Family<prometheus::Counter>& tokens = counters(
      "sanctum_tokens_total", "Tokens of completed requests: prompt, cached, image, completion.");
  prometheus::Family<prometheus::Counter>& interruptions =
      counters("sanctum_requests_interrupted_total",
               "Requests whose engine died, and that the next engine goes on with.");
  prometheus::Family<prometheus::Counter>& forwards = counters(
      "sanctum_requests_forwarded_total", "Requests that the fallback answered in our place.");
  prometheus::Family<prometheus::Gauge>& queue =
      gauges("sanctum_requests", "Requests being served (running) or held back (waiting).");
  prometheus::Family<prometheus::Gauge>& running =
      gauges("vllm:num_requests_running", "Requests being served; vLLM's name for it.");
  prometheus::Family<prometheus::Gauge>& waiting =
      gauges("vllm:num_requests_waiting", "Requests that wait; vLLM's name for it.");
  prometheus::Family<prometheus::Gauge>& up =
      gauges("sanctum_engine_up", "1 when the engine answers.");
  prometheus::Family<prometheus::Gauge>& starts =
      gauges("sanctum_engine_starts", "Starts of the engine so far.");
  prometheus::Family<prometheus::Gauge>& steps =
      gauges("sanctum_engine_steps", "The engine's step counter.");
  prometheus::Family<prometheus::Gauge>& memory = gauges(
      "sanctum_engine_memory_bytes",
      "Memory of the engine: active, cache and peak by MLX's count, footprint by the system's, "
      "the others by its own.");
  prometheus::Family<prometheus::Gauge>& model_ready =
      gauges("sanctum_model_ready", "1 for a model that is ready, 0 for one that is not.");
  std::mutex model_mutex;  // one scrape at a time replaces the models' gauges
  std::vector<prometheus::Gauge*> model_gauges;
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

void Metrics::request(const std::string& api, int status, double seconds) {
  families_->requests.Add({{"api", api}, {"status", std::to_string(status)}}).Increment();
  families_->durations.Add({{"api", api}}, seconds_buckets()).Observe(seconds);
}

void Metrics::forwarded() {
  families_->forwards.Add({}).Increment();
}

void Metrics::interrupted() {
  families_->interruptions.Add({}).Increment();
}

void Metrics::completed(const wire::Completed& completed) {
  const auto phase = [&](const char* name, std::int64_t us) {
    families_->phases.Add({{"phase", name}}, seconds_buckets())
        .Observe(static_cast<double>(us) * kMicro);
  };
  phase("queue", completed.timings.queue_us);
  if (completed.usage.image_tokens > 0) phase("vision", completed.timings.vision_us);
  phase("prefill", completed.timings.prefill_us);
  phase("decode", completed.timings.decode_us);
  const auto count = [&](const char* kind, int n) {
    families_->tokens.Add({{"kind", kind}}).Increment(n);
  };
  count("prompt", completed.usage.prompt_tokens);
  count("cached", completed.usage.cached_tokens);
  count("image", completed.usage.image_tokens);
  count("completion", completed.usage.completion_tokens);
}

std::string Metrics::render(const MetricsSnapshot& snapshot) {
  Families& f = *families_;
  f.queue.Add({{"state", "running"}}).Set(snapshot.running);
  f.queue.Add({{"state", "waiting"}}).Set(snapshot.waiting);
  f.running.Add({}).Set(snapshot.running);
  f.waiting.Add({}).Set(snapshot.waiting);
  f.up.Add({}).Set(snapshot.stats ? 1 : 0);
  f.starts.Add({}).Set(snapshot.engine.starts);
  if (snapshot.stats) {
    const auto bytes = [&](const char* kind, std::uint64_t n) {
      f.memory.Add({{"kind", kind}}).Set(static_cast<double>(n));
    };
    f.steps.Add({}).Set(static_cast<double>(snapshot.stats->steps));
    bytes("kv", snapshot.stats->kv_bytes);
    bytes("prefix_cache", snapshot.stats->prefix_bytes);
    bytes("packed_weights", snapshot.stats->packed_bytes);
    bytes("kv_arena", snapshot.stats->arena_bytes);
    bytes("active", snapshot.stats->active_bytes);
    bytes("cache", snapshot.stats->cache_bytes);
    bytes("peak", snapshot.stats->peak_bytes);
    bytes("held", snapshot.stats->held_bytes);
    bytes("footprint", snapshot.stats->footprint_bytes);
  }
  const std::lock_guard lock(f.model_mutex);
  for (auto* gauge : f.model_gauges) f.model_ready.Remove(gauge);
  f.model_gauges.clear();
  for (const auto& model : snapshot.models) {
    auto& gauge = f.model_ready.Add({{"model", model.model}});
    gauge.Set(model.state == wire::ModelStage::kReady ? 1 : 0);
    f.model_gauges.push_back(&gauge);
  }
  return prometheus::TextSerializer().Serialize(f.registry.Collect());
}

}  // namespace sanctum::gateway
