#include "settings/serve_settings.h"

#include "base/error.h"
#include "client/endpoint.h"
#include "gateway/listener.h"
#include "gateway/origin_policy.h"
#include "settings/probe_settings.h"
#include "supervisor/schedule.h"

namespace sanctum::settings {
namespace {

void check_address(const std::string& text, const std::string& name) {
  if (text != "off") gateway::parse_address(text, name);
}

void check_host(const std::string& text, const std::string& name) {
  gateway::OriginSettings checked;
  gateway::allow_host(checked, text, name);
}

void check_origin(const std::string& text, const std::string& name) {
  gateway::OriginSettings checked;
  gateway::allow_origin(checked, text, name);
}

void check_url(const std::string& text, const std::string& name) {
  if (text.empty()) return;
  try {
    client::normalized_url(text);
  } catch (const Error& error) {
    throw Error(error.code(), name + ": " + error.what(), error.field());
  }
}

void check_schedule(const std::string& text, const std::string& name) {
  if (!text.empty()) supervisor::parse_schedule(text, name);
}

void check_alias(const std::string& text, const std::string& name) {
  const std::size_t sign = text.find('=');
  if (sign == std::string::npos || sign == 0 || sign + 1 == text.size())
    throw Error(ErrorCode::kInvalid, name + ": '" + text + "' must be ALIAS=MODEL", "aliases");
  if (const std::size_t star = text.find('*'); star < sign && star + 1 != sign)
    throw Error(ErrorCode::kInvalid,
                name + ": '" + text + "': a * stands at the end of an alias, for any other end",
                "aliases");
}

}  // namespace

std::vector<Setting> serve_settings(ServeConfig& c) {
  std::vector<Setting> all{
      {.key = "models",
       .flag = "models",
       .type = Texts{.value = &c.models, .models = true, .aliases = &c.aliases},
       .what = "A directory, a GGUF file, org/name of a downloaded model, ollama:NAME, "
               "lmstudio:PUBLISHER/REPO, or smoke, the built-in one, which is served when none is "
               "named. The first is the default; NAME=MODEL calls it NAME. In the file also as "
               "[[models]] with model, name and aliases",
       .placeholder = "[NAME=]MODEL"},
      {.key = "aliases",
       .flag = "--alias",
       .variable = "SANCTUM_ALIASES",
       .type = Texts{&c.aliases, check_alias},
       .what = "What else a model is called: gpt-4o=NAME, or claude-*=NAME for every name that "
               "begins so. May be given several times",
       .placeholder = "ALIAS=MODEL"},
      {.key = "state_dir",
       .flag = "--state-dir",
       .variable = "SANCTUM_STATE_DIR",
       .type = Path{&c.state_dir},
       .what = "Where certificates and records are kept (default: $XDG_STATE_HOME/sanctum or "
               "~/.local/state/sanctum)"},
      {.key = "listen",
       .flag = "--listen",
       .variable = "SANCTUM_LISTEN",
       .type = Text{&c.listen, {}, check_address},
       .what = "Address for plain HTTP; a port alone is this machine's own; port 0 picks one; off"},
      {.key = "mtls_listen",
       .flag = "--mtls-listen",
       .variable = "SANCTUM_MTLS_LISTEN",
       .type = Text{&c.mtls_listen, {}, check_address},
       .what = "Address for mutual TLS, likewise"},
      {.key = "allow_host",
       .flag = "--allow-host",
       .variable = "SANCTUM_ALLOW_HOST",
       .type = Texts{&c.allow_host, check_host},
       .what = "A name by which plain HTTP is called, beyond the listener's own address and "
               "localhost; *: any. May be given several times",
       .placeholder = "NAME"},
      {.key = "allow_origin",
       .flag = "--allow-origin",
       .variable = "SANCTUM_ALLOW_ORIGIN",
       .type = Texts{&c.allow_origin, check_origin},
       .what = "Whose web pages may use the server, beyond localhost's, such as "
               "https://app.example.org; *: any. May be given several times",
       .placeholder = "ORIGIN"},
      {.key = "engine",
       .flag = "--engine",
       .variable = "SANCTUM_ENGINE",
       .type = Path{&c.engine},
       .what = "The engine's program (default: beside this one)"},
      {.key = "max_sequences",
       .flag = "--max-sequences",
       .variable = "SANCTUM_MAX_SEQUENCES",
       .type = Number{&c.max_sequences, kMaxSequences},
       .what = "Requests that the engine serves at once"},
      {.key = "queue",
       .flag = "--queue",
       .variable = "SANCTUM_QUEUE",
       .type = Number{&c.queue, kQueue},
       .what = "Requests that may wait beyond those"},
      {.key = "kernels",
       .flag = "--kernels",
       .variable = "SANCTUM_KERNELS",
       .type = Text{&c.kernels, kKernels},
       .what = "What models compute with. cpu: our kernels; mlx: MLX's operations; auto: ours "
               "without a GPU"},
      {.key = "threads",
       .flag = "--threads",
       .variable = "SANCTUM_THREADS",
       .type = Number{&c.threads, kThreads},
       .what = "Threads of our kernels; 0: one for each physical core, within affinity and a "
               "container's quota"},
      {.key = "activations",
       .flag = "--activations",
       .variable = "SANCTUM_ACTIVATIONS",
       .type = Text{&c.activations, kActivations},
       .what = "Bits of the rows that our kernels multiply with weights. 16: as exact as floats; "
               "8: faster; auto: 8 beside 4-bit weights, 16 beside 8-bit ones"},
      {.key = "kv_bytes",
       .flag = "--kv-bytes",
       .variable = "SANCTUM_KV_BYTES",
       .type = Bytes{&c.kv_bytes},
       .what = "Memory for each model's keys and values, such as 2GiB",
       .unit = "bytes"},
      {.key = "kv_type",
       .flag = "--kv-type",
       .variable = "SANCTUM_KV_TYPE",
       .type = Text{&c.kv_type, kKvTypes},
       .what = "How keys and values are kept. stored: as the weights are; int8: in half of 16 "
               "bits"},
      {.key = "prefix_cache_bytes",
       .flag = "--prefix-cache-bytes",
       .variable = "SANCTUM_PREFIX_CACHE_BYTES",
       .type = Bytes{&c.prefix_cache_bytes},
       .what = "Of that, what may keep prefixes between requests; 0: none",
       .unit = "bytes"},
      {.key = "ready_timeout_s",
       .flag = "--ready-timeout",
       .variable = "SANCTUM_READY_TIMEOUT",
       .type = Number{&c.ready_timeout_s, kReadyTimeoutS},
       .what = "Seconds that a request waits for a model that is loading",
       .unit = "s"},
      {.key = "strict_fields",
       .flag = "--strict-fields",
       .variable = "SANCTUM_STRICT_FIELDS",
       .type = Text{&c.strict_fields, kSwitch},
       .what = "Refuse fields of a request that are ignored otherwise and named in "
               "X-Sanctum-Ignored"},
      {.key = "fetch_pictures",
       .flag = "--fetch-pictures",
       .variable = "SANCTUM_FETCH_PICTURES",
       .type = Text{&c.fetch_pictures, kSwitch},
       .what = "Fetch pictures that a request names by URL, from the public internet alone"},
      {.key = "stored_responses_bytes",
       .flag = "--stored-responses-bytes",
       .variable = "SANCTUM_STORED_RESPONSES_BYTES",
       .type = Bytes{&c.stored_responses_bytes},
       .what = "What is kept of answers to /v1/responses, for previous_response_id, such as "
               "256MiB; the oldest go first; 0: none",
       .unit = "bytes"},
      {.key = "stored_responses_days",
       .flag = "--stored-responses-days",
       .variable = "SANCTUM_STORED_RESPONSES_DAYS",
       .type = Number{&c.stored_responses_days, kStoredDays},
       .what = "How long they are kept at most",
       .unit = "days"},
      {.key = "reported_context",
       .flag = "--reported-context",
       .variable = "SANCTUM_REPORTED_CONTEXT",
       .type = Number{&c.reported_context, kReportedContext},
       .what = "The context that an agent takes for granted, such as 200000: tokens are reported "
               "to /v1/messages and /v1/responses in that proportion, so that it compacts in "
               "time; 0: as they are",
       .unit = "tokens"},
      {.key = "drain_s",
       .flag = "--drain",
       .variable = "SANCTUM_DRAIN",
       .type = Number{&c.drain_s, kDrainS},
       .what = "Seconds that running requests get when stopping",
       .unit = "s"},
      {.key = "log_level",
       .flag = "--log-level",
       .variable = "SANCTUM_LOG_LEVEL",
       .type = Text{&c.log_level, kLogLevels},
       .what = "Least weight of what is logged"},
      {.key = "fallback",
       .flag = "--fallback",
       .variable = "SANCTUM_FALLBACK",
       .type = Text{&c.fallback, {}, check_url},
       .what = "URL of another OpenAI-compatible server, which answers while our engine cannot",
       .placeholder = "URL"},
      {.key = "fallback_command",
       .flag = "--fallback-command",
       .variable = "SANCTUM_FALLBACK_COMMAND",
       .type = Text{&c.fallback_command},
       .what = "What starts that server when it is needed first; it listens at --fallback"},
      {.key = "fallback_model",
       .flag = "--fallback-model",
       .variable = "SANCTUM_FALLBACK_MODEL",
       .type = Text{&c.fallback_model},
       .what = "The model it is asked for (default: the one that was asked for)"},
      {.key = "restart_at",
       .flag = "--restart-at",
       .variable = "SANCTUM_RESTART_AT",
       .type = Text{&c.restart_at, {}, check_schedule},
       .what = "A planned restart, such as \"daily 04:00\" or \"sun 04:30\", local time",
       .placeholder = "WHEN"},
      {.key = "probes",
       .flag = "--probes",
       .variable = "SANCTUM_PROBES",
       .type = Text{&c.probes, kSwitch},
       .what = "Prove again and again that the server answers, that its models work, that a "
               "restart would"}};
  for (auto& setting : probe_settings(c.probe)) all.push_back(std::move(setting));
  return all;
}

}  // namespace sanctum::settings
