// What `sanctum serve` is told: flags, then SANCTUM_* variables, then the file of --config, then
// the defaults below. How each is set: serve_settings.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "catalog/import_place.h"
#include "settings/probe_settings.h"
#include "wire/messages.h"

namespace sanctum::settings {

struct ServeConfig {
  std::vector<std::string> models;   // empty: the built-in one
  std::vector<std::string> aliases;  // "ALIAS=MODEL", of one of these
  std::string state_dir;             // empty: $XDG_STATE_HOME/sanctum or ~/.local/state/sanctum
  std::string listen = "127.0.0.1:1338";
  std::string mtls_listen = "127.0.0.1:1337";
  std::vector<std::string> allow_host;    // names beyond our own by which we are called
  std::vector<std::string> allow_origin;  // whose pages may ask, beyond localhost's
  std::string engine;                     // empty: sanctum-engine beside this program
  int max_sequences = 16;
  int queue = 64;
  std::string kernels = "auto";
  int threads = 0;
  std::string activations = "auto";
  std::uint64_t kv_bytes = std::uint64_t{2} << 30;
  std::string kv_type = "stored";
  std::uint64_t prefix_cache_bytes = std::uint64_t{1} << 30;
  int ready_timeout_s = 120;
  int drain_s = 30;
  std::string fallback;          // URL of another server; empty: none
  std::string fallback_command;  // that starts it
  std::string fallback_model;    // what it is asked for; empty: what was asked
  std::string restart_at;        // "daily 04:00", "sun 04:30"; empty: never
  std::string probes = "on";
  std::string strict_fields = "off";
  std::string fetch_pictures = "off";
  std::uint64_t stored_responses_bytes = std::uint64_t{256} << 20;
  int stored_responses_days = 30;
  int reported_context = 0;  // tokens; 0: as it is
  ProbeSettings probe;
  std::string log_level = "info";
  std::string file;  // that of --config, if any

  // What resolving adds (resolve.h).
  std::vector<wire::LoadRequest> found_models;  // empty: the built-in one, beside who loads it
  std::vector<catalog::ImportPlace> imports;    // GGUF files that directories are made of, once
  std::vector<std::string> left_out;            // "'NAME': ...": what of these is not served
  std::vector<std::string> arguments;           // those after `serve` on the command line
};

}  // namespace sanctum::settings
