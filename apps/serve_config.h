// What `sanctum serve` is told: flags, then SANCTUM_* variables, then the file of --config, then
// the defaults below.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sanctum {

struct ServeConfig {
  std::vector<std::string> models;  // empty: the built-in one
  std::string state_dir;            // empty: $XDG_STATE_HOME/sanctum or ~/.local/state/sanctum
  std::string listen = "127.0.0.1:1338";
  std::string mtls_listen = "127.0.0.1:1337";
  std::string engine;  // empty: sanctum-engine beside this program
  int max_sequences = 16;
  int queue = 64;
  std::string kernels = "auto";
  int threads = 0;
  std::uint64_t kv_bytes = std::uint64_t{2} << 30;
  std::string kv_type = "stored";
  std::uint64_t prefix_cache_bytes = std::uint64_t{1} << 30;
  int ready_timeout_s = 120;
  int drain_s = 5;
  std::string log_level = "info";
};

// Sets what the TOML file sets, except the keys in `decided`. An unknown key and a wrong value are
// Error(kInvalid) with the line.
void read_config_file(const std::string& path, const std::vector<std::string>& decided,
                      ServeConfig& config);

std::string default_state_dir();

}  // namespace sanctum
