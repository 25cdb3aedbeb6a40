#include "apps/resolved_config.h"

#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <limits>
#include <type_traits>

#include "apps/control_socket.h"
#include "apps/exit.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "gateway/listener.h"
#include "gateway/origin_policy.h"
#include "supervisor/model_directory.h"
#include "supervisor/schedule.h"

namespace sanctum {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDocumentBytesMax = 8 << 20;
constexpr std::size_t kDocumentPage = 1 << 14;  // a whole number of the system's pages

std::string absolute(const std::string& path) {
  if (path.empty()) return path;
  fs::path full = fs::absolute(path).lexically_normal();
  if (!full.has_filename()) full = full.parent_path();  // "state/"
  return full.string();
}

void check_address(const std::string& text, const std::string& flag) {
  if (text != "off") or_exit(kExitUsage, [&] { gateway::parse_address(text, flag); });
}

void check(const ServeConfig& config) {
  or_exit(kExitUsage, [&] { log::set_level(config.log_level); });
  check_address(config.listen, "--listen");
  check_address(config.mtls_listen, "--mtls-listen");
  if (config.listen == "off" && config.mtls_listen == "off")
    throw Exit{kExitUsage, "--listen and --mtls-listen are both off: nobody could ask anything"};
  or_exit(kExitConfiguration,
          [&] { gateway::origin_settings(config.allow_host, config.allow_origin); });
  if (!config.fallback.empty())
    or_exit(kExitUsage, [&] { client::normalized_url(config.fallback); });
  if (config.fallback.empty() && !(config.fallback_command + config.fallback_model).empty())
    throw Exit{kExitUsage,
               "fallback_command and fallback_model are of no use without fallback: the URL at "
               "which the other server answers"};
  if (!config.restart_at.empty())
    or_exit(kExitConfiguration,
            [&] { supervisor::parse_schedule(config.restart_at, "restart_at"); });
  if (const std::string socket = control_socket(config.state_dir);
      socket.size() > gateway::kSocketPathMax)
    throw Exit{kExitUsage, "the path of the socket " + socket + " is longer than " +
                               std::to_string(gateway::kSocketPathMax) +
                               " bytes; choose a shorter --state-dir"};
}

std::vector<wire::LoadRequest> find_models(const std::vector<std::string>& names) {
  const auto places = supervisor::search_places();
  std::vector<wire::LoadRequest> found;
  if (names.empty()) supervisor::built_in_model(places);  // whoever loads it looks beside himself
  found.reserve(names.size());
  for (const auto& name : names) found.push_back(supervisor::find_model(name, places));
  return found;
}

std::vector<std::string> keys_decided(const ServeOptions& options) {
  std::vector<std::string> keys;
  for (const auto& setting : options.settings) {
    if (options.decided(setting)) keys.push_back(setting.key);
  }
  return keys;
}

// A flag and a variable both count as given by the parser.
bool is_on_the_command_line(const Setting& setting, const std::vector<std::string>& arguments) {
  if (setting.flag.rfind("--", 0) != 0) return true;
  return std::any_of(arguments.begin(), arguments.end(), [&](const std::string& word) {
    return word == setting.flag || word.rfind(setting.flag + "=", 0) == 0;
  });
}

template <class T>
std::string literal(const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    return json::quote(value);
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    std::string all;
    for (const auto& item : value) all += (all.empty() ? "" : ", ") + json::quote(item);
    return "[" + all + "]";
  } else {
    return std::to_string(value);
  }
}

void read(const json::Node& node, std::string& value) {
  value = node.as_string();
}
void read(const json::Node& node, int& value) {
  value = static_cast<int>(
      node.as_int(std::numeric_limits<int>::min(), std::numeric_limits<int>::max()));
}
void read(const json::Node& node, std::uint64_t& value) {
  value = node.as_uint64();
}
void read(const json::Node& node, std::vector<std::string>& value) {
  value.clear();
  for (const auto& item : node.as_array()) value.push_back(item.as_string());
}

// The settings of this very value.
std::vector<Setting> settings_of(CLI::App& nobodys, ServeConfig& config) {
  return add_serve_options(nobodys, config)->settings;
}

}  // namespace

ServeConfig resolve(const ServeOptions& options, const ServeConfig& told,
                    const std::vector<std::string>& arguments) {
  ServeConfig config = told;
  config.file = absolute(options.file);
  if (!config.file.empty())
    or_exit(kExitConfiguration,
            [&] { read_config_file(config.file, keys_decided(options), config); });
  config.state_dir = absolute(config.state_dir.empty() ? or_exit(kExitFailure, default_state_dir)
                                                       : config.state_dir);
  config.engine = absolute(config.engine);
  check(config);
  config.found_models = or_exit(kExitFailure, [&] { return find_models(config.models); });
  for (std::size_t i = 0; i < config.models.size(); ++i) {
    if (std::error_code ignored; fs::is_directory(config.models[i], ignored))
      config.models[i] = config.found_models[i].path;
  }
  config.arguments = arguments;
  return config;
}

std::string as_toml(const ServeOptions& options, const ServeConfig& resolved) {
  ServeConfig value = resolved, unused;
  CLI::App nobodys;
  const auto settings = settings_of(nobodys, value);
  std::vector<std::string> in_file;
  if (!resolved.file.empty())
    in_file =
        or_exit(kExitConfiguration, [&] { return read_config_file(resolved.file, {}, unused); });
  std::string text;
  if (!resolved.file.empty()) text += "# read from " + resolved.file + "\n";
  for (std::size_t i = 0; i < settings.size(); ++i) {
    const auto& given = options.settings[i];
    const std::string now = std::visit([](auto* v) { return literal(*v); }, settings[i].value);
    const bool by_file = std::find(in_file.begin(), in_file.end(), given.key) != in_file.end();
    const char* origin = by_file ? "file" : "default";
    if (options.decided(given))
      origin = is_on_the_command_line(given, resolved.arguments) ? "command line" : "environment";
    text += settings[i].key + " = " + now + "  # " + origin + "\n";
  }
  for (const auto& model : resolved.found_models)
    text += "# the model " + json::quote(model.model) + " is in " + model.path + "\n";
  return text;
}

std::string encode(const ServeConfig& config) {
  ServeConfig value = config;
  CLI::App nobodys;
  json::Writer w;
  w.begin_object().key("settings").begin_object();
  for (const auto& setting : settings_of(nobodys, value)) {
    w.key(setting.key);
    std::visit([&w](auto* v) { w.raw(literal(*v)); }, setting.value);
  }
  w.end_object().field("file", config.file).key("arguments").begin_array();
  for (const auto& word : config.arguments) w.value(word);
  w.end_array().key("found_models").begin_array();
  for (const auto& model : config.found_models)
    w.begin_object().field("model", model.model).field("path", model.path).end_object();
  w.end_array().end_object();
  return w.take();
}

ServeConfig decode_config(const std::string& document) {
  const json::Document parsed(document);
  const json::Node root = parsed.root(), settings = root.at("settings");
  ServeConfig config;
  CLI::App nobodys;
  for (const auto& setting : settings_of(nobodys, config)) {
    if (const auto node = settings.get(setting.key))
      std::visit([&node](auto* v) { read(*node, *v); }, setting.value);
  }
  config.file = root.at("file").as_string();
  read(root.at("arguments"), config.arguments);
  for (const auto& model : root.at("found_models").as_array())
    config.found_models.push_back({model.at("model").as_string(), model.at("path").as_string()});
  return config;
}

std::unique_ptr<platform::SharedPage> hand_down(const ServeConfig& config) {
  const std::string document = encode(config);
  const std::size_t pages = (document.size() + kDocumentPage - 1) / kDocumentPage;
  auto page = std::make_unique<platform::SharedPage>(pages * kDocumentPage);
  std::memset(page->data(), ' ', pages * kDocumentPage);  // which JSON passes over
  std::memcpy(page->data(), document.data(), document.size());
  return page;
}

ServeConfig handed_down(int descriptor) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0 || status.st_size <= 0 ||
      status.st_size > static_cast<off_t>(kDocumentBytesMax))
    throw Error(ErrorCode::kInvalid, "this is a part of `serve`, which starts it by itself");
  const auto bytes = static_cast<std::size_t>(status.st_size);
  const platform::SharedPage page(descriptor, bytes);
  return decode_config(std::string(static_cast<const char*>(page.data()), bytes));
}

}  // namespace sanctum
