// What the API handlers work with. Owned by whoever wires the gateway; outlives the server.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "gateway/admission.h"
#include "gateway/answer_store.h"
#include "gateway/dialect.h"
#include "gateway/engine.h"
#include "gateway/fallback.h"
#include "gateway/metrics.h"
#include "gateway/model_names.h"
#include "gateway/picture_fetcher.h"
#include "gateway/proofs.h"
#include "gateway/recent_speed.h"
#include "gateway/router.h"
#include "gateway/running_requests.h"
#include "gateway/seal.h"

namespace sanctum::gateway {

// For the record of what was served. Called on connections' strands; must not block.
struct RequestRecords {
  std::function<void(const std::string& id, const std::string& api, const ApiRequest& request,
                     const Peer& who)>
      begun = {};
  // `status` 499: the client had left.
  std::function<void(const std::string& id, int status, int interruptions, std::int64_t total_us,
                     const wire::Completed& completed)>
      ended = {};
};

// Something that is wrong now.
struct OpenIncident {
  std::string key;    // "worker.parked"
  std::string level;  // warn, error, page
  std::string what;
  std::int64_t since_unix_s = 0;
};

// As people reach the listeners; empty for one that is off.
struct ListenUrls {
  std::string plain, mtls;
};

struct Services {
  Engine& engine;
  Gate& gate;
  Metrics& metrics;
  RecentSpeed& speed;
  std::chrono::milliseconds ready_timeout{120000};  // for a request that meets a loading model
  bool strict_fields = false;                       // refuse what could be ignored
  int reported_context = 0;  // tokens that agents take for granted (reported_tokens.h); 0: none
  std::vector<std::string> models = {};  // the names of all that it was told to serve
  std::vector<ModelAlias> aliases = {};  // and what else they are called
  std::function<bool()> draining = {};
  std::function<ListenUrls()> urls = [] { return ListenUrls(); };
  std::string certificates = {};  // directory with ca.pem, client.pem and client.key
  Instant started = Clock::now();
  // Who shows it in the header Sanctum-Probe is a probe, and gets the place that is kept for
  // probes. Empty: nobody does.
  std::string probe_secret = {};
  Proofs* proofs = nullptr;  // without them, a model that is loaded counts as proven
  std::chrono::seconds proof_age_max = kProofAgeMax;
  RequestRecords records = {};
  std::function<std::vector<OpenIncident>()> incidents = {};
  Fallback* fallback = nullptr;
  std::shared_ptr<RunningRequests> running = std::make_shared<RunningRequests>();
  PictureFetcher* pictures = nullptr;    // without it none are fetched by URL
  AnswerStore* answers = nullptr;        // without it nothing is kept
  const Seal* seal = nullptr;            // without it nothing is sealed
  std::function<bool()> wants_key = {};  // whether a plain listener wants an API key now
};

// Each file api_*.cpp adds its own paths.
// `dialect` outlives the router.
void add_dialect(Router& router, Services& services, const std::string& path,
                 const Dialect& dialect);
void add_completions(Router& router, Services& services);
void add_counting(Router& router, Services& services);
void add_responses(Router& router, Services& services);  // those that are kept
void add_requests(Router& router, Services& services);   // those that run
void add_description(Router& router);                    // of the API: /openapi.json
void add_models(Router& router, Services& services);
void add_status(Router& router, Services& services);
void add_metrics(Router& router, Services& services);
void add_page(Router& router, Services& services);

}  // namespace sanctum::gateway
