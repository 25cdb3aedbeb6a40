#include "settings/resolve.h"

#include <algorithm>
#include <variant>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/joined.h"
#include "base/json.h"
#include "base/log.h"
#include "client/control_client.h"
#include "client/endpoint.h"
#include "client/printable.h"
#include "gateway/listener.h"
#include "probes/works.h"
#include "settings/config_file.h"
#include "settings/find_models.h"
#include "settings/path_words.h"
#include "settings/serve_settings.h"
#include "settings/state_directory.h"
#include "supervisor/model_directory.h"

namespace sanctum::settings {
namespace {

constexpr std::size_t kShownCharactersMax = 500;

std::string absolute(const std::string& path) {
  return path_from(".", path);
}

// What the file said was checked where it was read.
void check_told(const ServeOptions& options, const std::vector<Setting>& settings) {
  for (const Setting& setting : settings) {
    if (!options.decided(setting.key)) continue;
    if (const auto* text = std::get_if<Text>(&setting.type); text != nullptr && text->check)
      or_exit(kExitUsage, [&] { text->check(*text->value, setting.flag); });
    if (const auto* texts = std::get_if<Texts>(&setting.type); texts != nullptr && texts->check)
      for (const auto& each : *texts->value)
        or_exit(kExitUsage, [&] { texts->check(each, setting.flag); });
  }
}

void check(const ServeConfig& config) {
  or_exit(kExitUsage, [&] { log::set_level(config.log_level); });
  if (config.listen == "off" && config.mtls_listen == "off")
    throw Exit{kExitUsage, "--listen and --mtls-listen are both off: nobody could ask anything"};
  if (config.fallback.empty() && !(config.fallback_command + config.fallback_model).empty())
    throw Exit{kExitUsage,
               "fallback_command and fallback_model are of no use without fallback: the URL at "
               "which the other server answers"};
  if (const std::string socket = client::control_socket(config.state_dir);
      socket.size() > gateway::kSocketPathMax)
    throw Exit{kExitUsage, "the path of the socket " + socket + " is longer than " +
                               std::to_string(gateway::kSocketPathMax) +
                               " bytes; choose a shorter --state-dir"};
}

void find_models_of(ServeConfig& config) {
  const auto places = supervisor::search_places(config.state_dir);
  if (config.models.empty())
    supervisor::built_in_model(places);  // whoever loads it looks beside himself
  const auto all = find_models(config.models, [places](const std::string& name) {
    return supervisor::find_model(name, places);
  });
  for (const auto& model : all) {
    config.found_models.push_back(model);
    const auto same = [&](const auto& place) { return place.directory == model.path; };
    if (!model.gguf.empty() && std::none_of(config.imports.begin(), config.imports.end(), same))
      config.imports.push_back({model.gguf, model.path});
    if (!model.left_out.empty())
      config.left_out.push_back("'" + model.model + "': " + model.left_out);
  }
}

// Whatever they were told as, they stand for models by their names.
void name_aliased_models(ServeConfig& config) {
  for (std::string& told : config.aliases) {
    const std::size_t sign = told.find('=');
    const std::string model = told.substr(sign + 1), word = model_from(".", model);
    std::vector<std::string> names;
    std::string meant;
    for (std::size_t i = 0; i < config.found_models.size(); ++i) {
      const std::string& name = config.found_models[i].model;
      if (model == name || word == config.models[i]) meant = name;
      names.push_back(name);
    }
    if (config.found_models.empty()) {
      names.emplace_back(probes::kBuiltInModel);
      if (model == supervisor::kBuiltIn) meant = names.front();
    }
    if (model == names.front()) meant = model;
    if (meant.empty())
      throw Exit{kExitUsage, "--alias " + told + ": no model '" + model + "' is served; there is " +
                                 joined(names)};
    told = told.substr(0, sign + 1) + meant;
  }
}

void check_spelling(const std::string& word, const std::string& what) {
  if (const std::string why = why_not_handed_on(word); !why.empty())
    throw Exit{kExitFailure, what + " " + why};
}

// A file was looked for under another name than its own.
void check_spelling(ServeConfig& config) {
  for (const Setting& setting : serve_settings(config)) {
    if (const auto* text = std::get_if<Text>(&setting.type))
      check_spelling(*text->value, setting.flag);
    if (const auto* path = std::get_if<Path>(&setting.type))
      check_spelling(*path->value, setting.flag);
    if (const auto* texts = std::get_if<Texts>(&setting.type))
      for (const auto& each : *texts->value) check_spelling(each, setting.flag);
  }
  check_spelling(config.file, "the configuration file");
  for (const auto& model : config.found_models) check_spelling(model.path, "the model in");
  for (const auto& place : config.imports) check_spelling(place.file, "the model file");
}

// As whoever asks at them, and serving.json, wants them.
void spell_out_addresses(ServeConfig& config) {
  for (std::string* address : {&config.listen, &config.mtls_listen})
    if (*address != "off") *address = to_string(gateway::parse_address(*address, "listen"));
}

// Requests would go round and round.
void check_fallback(const ServeConfig& config) {
  if (config.fallback.empty()) return;
  const std::string url = client::normalized_url(config.fallback);
  const std::size_t host = url.find("://") + 3;
  try {
    const auto there = to_string(gateway::parse_address(url.substr(host), "fallback"));
    if (there == config.listen || there == config.mtls_listen)
      throw Exit{kExitUsage, "--fallback " + config.fallback +
                                 " is this server's own address; name "
                                 "another server's"};
  } catch (const Error&) {  // a name, or a path: somebody else's
    return;
  }
}

// A flag and a variable both count as given by the parser.
bool is_on_the_command_line(const Setting& setting, const std::vector<std::string>& arguments) {
  if (!is_flag(setting)) return true;
  return std::any_of(arguments.begin(), arguments.end(), [&](const std::string& word) {
    return word == setting.flag || word.rfind(setting.flag + "=", 0) == 0;
  });
}

}  // namespace

ServeConfig resolve(const ServeOptions& options, const std::vector<std::string>& arguments) {
  ServeConfig config = options.told();
  const auto settings = serve_settings(config);
  config.file = absolute(options.file());
  if (!config.file.empty())
    or_exit(kExitConfiguration,
            [&] { read_config_file(config.file, options.decided_keys(), settings); });
  if (config.state_dir.empty())
    config.state_dir = or_exit(kExitFailure, [] { return client::default_state_dir(); });
  for (const Setting& setting : settings) {
    if (const auto* path = std::get_if<Path>(&setting.type)) *path->value = absolute(*path->value);
  }
  check_told(options, settings);
  check(config);
  spell_out_addresses(config);
  check_fallback(config);
  or_exit(kExitFailure, [&] {
    for (auto& model : config.models) model = model_from(".", model);
    find_models_of(config);
  });
  name_aliased_models(config);
  check_spelling(config);
  config.arguments = arguments;
  return config;
}

std::string explain(const ServeOptions& options, const ServeConfig& resolved) {
  ServeConfig value = resolved, unused;
  std::vector<std::string> in_file;
  if (!resolved.file.empty())
    in_file = or_exit(kExitConfiguration,
                      [&] { return read_config_file(resolved.file, {}, serve_settings(unused)); });
  const auto origin = [&](const Setting& setting) -> std::string {
    if (options.decided(setting.key))
      return is_on_the_command_line(setting, resolved.arguments) ? "command line" : "environment";
    const bool by_file = std::find(in_file.begin(), in_file.end(), setting.key) != in_file.end();
    return by_file ? "file" : "default";
  };
  std::string text;
  if (!resolved.file.empty()) text += "# read from " + resolved.file + "\n";
  text += as_toml(serve_settings(value), origin);
  for (const auto& model : resolved.found_models) {
    text += "# the model " + json::quote(model.model) + " is ";
    const auto made = std::find_if(resolved.imports.begin(), resolved.imports.end(),
                                   [&](const auto& each) { return each.directory == model.path; });
    if (made == resolved.imports.end())
      text += "in " + model.path + "\n";
    else
      text += "made of " + made->file +
              (catalog::is_imported(*made) ? ", which was imported into "
                                           : ", which the next start imports into ") +
              made->directory + "\n";
  }
  for (const auto& what : resolved.left_out)
    text += "# of the model " + client::printable_line(what, kShownCharactersMax) + "\n";
  return text;
}

}  // namespace sanctum::settings
