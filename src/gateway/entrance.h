// What stands before every handler: who may ask at all, judged by a request's head.
//
// Contract: `judge` decides by the origin policy first, by API keys second, and looks at nothing of
// a body. An API key is required on a plain listener as soon as one exists, but for /health,
// /ready, HEAD /, OPTIONS and whoever shows the probes' secret; beside a client certificate it is
// optional, and the control socket needs none. Neither keys nor what was shown as one are logged.
// Thread rule: any thread.
#pragma once

#include <string>

#include "gateway/api_key_file.h"
#include "gateway/exchange.h"
#include "gateway/origin_policy.h"

namespace sanctum::gateway {

struct EntranceSettings {
  OriginSettings origins;
  std::string probe_secret;  // as in Services
  std::string local_key;     // what our own commands show; empty for none
};

class Entrance {
 public:
  Entrance(const std::string& state_directory, EntranceSettings settings);
  Entry judge(const HttpRequest& head);
  // Whether a plain listener wants a key now.
  bool wants_key();

 private:
  // The name of the first key that is known; empty without one.
  std::string name_of(const std::vector<std::string>& shown, const ApiKeys& keys) const;

  const EntranceSettings settings_;
  KeyFile keys_;
};

}  // namespace sanctum::gateway
