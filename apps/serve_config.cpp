#include "apps/serve_config.h"

#include <toml++/toml.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "apps/ranges.h"
#include "base/error.h"
#include "base/file.h"

namespace sanctum {
namespace {

constexpr std::uint64_t kConfigBytesMax = 1 << 20;

// Turns a number with a unit into bytes.
bool is_size(std::string& text) {
  try {
    return !text.empty() && text.front() != '-' && CLI::AsSizeValue(false)(text).empty();
  } catch (const CLI::Error&) {  // an unknown unit
    return false;
  }
}

class Reader {
 public:
  Reader(const std::string& path, const std::vector<std::string>& decided)
      : path_(path), decided_(decided) {}

  bool is_decided(const std::string& key) const {
    return std::find(decided_.begin(), decided_.end(), key) != decided_.end();
  }
  [[noreturn]] void fail(const toml::source_region& where, const std::string& key,
                         const std::string& what) const {
    throw Error(ErrorCode::kInvalid, path_ + ":" + std::to_string(where.begin.line) + ": " + what,
                key);
  }
  void text(const toml::node& node, const std::string& key, std::string& out) const {
    const auto value = node.value_exact<std::string>();
    if (!value) fail(node.source(), key, "'" + key + "' must be a string");
    if (!is_decided(key)) out = *value;
  }
  void number(const toml::node& node, const std::string& key, Range range, int& out) const {
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < range.low || *value > range.high) {
      fail(node.source(), key,
           "'" + key + "' must be an integer from " + std::to_string(range.low) + " to " +
               std::to_string(range.high));
    }
    if (!is_decided(key)) out = static_cast<int>(*value);
  }
  void one_of(const toml::node& node, const std::string& key,
              const std::vector<std::string>& choices, std::string& out) const {
    const auto value = node.value_exact<std::string>();
    if (!value || std::find(choices.begin(), choices.end(), *value) == choices.end()) {
      std::string known;
      for (const std::string& choice : choices) known += (known.empty() ? "" : ", ") + choice;
      fail(node.source(), key, "'" + key + "' must be one of " + known);
    }
    if (!is_decided(key)) out = *value;
  }
  // Bytes as a number, or as a string with a unit.
  void size(const toml::node& node, const std::string& key, std::uint64_t& out) const {
    std::string text;
    if (const auto bytes = node.value_exact<std::int64_t>()) text = std::to_string(*bytes);
    if (const auto words = node.value_exact<std::string>()) text = *words;
    if (!is_size(text)) fail(node.source(), key, "'" + key + "' must be a size such as \"2GiB\"");
    if (!is_decided(key)) out = std::stoull(text);
  }
  void texts(const toml::node& node, const std::string& key, std::vector<std::string>& out) const {
    const auto* array = node.as_array();
    if (array == nullptr) fail(node.source(), key, "'" + key + "' must be an array of strings");
    std::vector<std::string> values;
    for (const auto& item : *array) {
      const auto value = item.value_exact<std::string>();
      if (!value) fail(item.source(), key, "'" + key + "' must be an array of strings");
      values.push_back(*value);
    }
    if (!is_decided(key)) out = values;
  }

 private:
  const std::string& path_;
  const std::vector<std::string>& decided_;
};

const ProbeKey* find_key(const std::vector<ProbeKey>& keys, const std::string& key) {
  const auto found =
      std::find_if(keys.begin(), keys.end(), [&](const ProbeKey& k) { return k.key == key; });
  return found == keys.end() ? nullptr : &*found;
}

}  // namespace

std::vector<std::string> read_config_file(const std::string& path,
                                          const std::vector<std::string>& decided,
                                          ServeConfig& config) {
  toml::table table;
  try {
    table = toml::parse(read_file(path, kConfigBytesMax), path);
  } catch (const toml::parse_error& error) {
    throw Error(ErrorCode::kInvalid,
                path + ":" + std::to_string(error.source().begin.line) + ": " +
                    std::string(error.description()),
                "config");
  }
  const Reader read(path, decided);
  const auto probe_settings = probe_keys(config.probe);
  std::vector<std::string> keys;
  for (const auto& [name, node] : table) {
    const std::string key(name.str());
    keys.push_back(key);
    if (key == "models")
      read.texts(node, key, config.models);
    else if (key == "state_dir")
      read.text(node, key, config.state_dir);
    else if (key == "listen")
      read.text(node, key, config.listen);
    else if (key == "mtls_listen")
      read.text(node, key, config.mtls_listen);
    else if (key == "allow_host")
      read.texts(node, key, config.allow_host);
    else if (key == "allow_origin")
      read.texts(node, key, config.allow_origin);
    else if (key == "engine")
      read.text(node, key, config.engine);
    else if (key == "log_level")
      read.text(node, key, config.log_level);
    else if (key == "kernels")
      read.one_of(node, key, kKernels, config.kernels);
    else if (key == "kv_bytes")
      read.size(node, key, config.kv_bytes);
    else if (key == "kv_type")
      read.one_of(node, key, kKvTypes, config.kv_type);
    else if (key == "prefix_cache_bytes")
      read.size(node, key, config.prefix_cache_bytes);
    else if (key == "threads")
      read.number(node, key, kThreads, config.threads);
    else if (key == "max_sequences")
      read.number(node, key, kMaxSequences, config.max_sequences);
    else if (key == "queue")
      read.number(node, key, kQueue, config.queue);
    else if (key == "ready_timeout_s")
      read.number(node, key, kReadyTimeoutS, config.ready_timeout_s);
    else if (key == "drain_s")
      read.number(node, key, kDrainS, config.drain_s);
    else if (key == "restart_at")
      read.text(node, key, config.restart_at);
    else if (key == "fallback")
      read.text(node, key, config.fallback);
    else if (key == "fallback_command")
      read.text(node, key, config.fallback_command);
    else if (key == "fallback_model")
      read.text(node, key, config.fallback_model);
    else if (key == "probes")
      read.one_of(node, key, kSwitch, config.probes);
    else if (const auto* probe = find_key(probe_settings, key))
      read.number(node, key, probe->range, *probe->value);
    else
      read.fail(name.source(), key, "unknown key '" + key + "'");
  }
  return keys;
}

}  // namespace sanctum
