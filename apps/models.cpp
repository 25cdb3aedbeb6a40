// sanctum models [info]: what a server serves, and what each can do; models_commands.h has what
// lies on the disk.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apps/command.h"
#include "apps/commands.h"
#include "apps/models_commands.h"
#include "apps/models_prediction.h"
#include "base/error.h"
#include "base/json.h"
#include "base/nearest.h"
#include "catalog/foreign_models.h"
#include "catalog/imports.h"
#include "client/chat_client.h"
#include "client/model_abilities.h"
#include "client/printable.h"
#include "client/server_status.h"

namespace sanctum {
namespace {

constexpr std::size_t kShownCharactersMax = 200;

struct Options {
  client::EndpointOptions server;
  std::string name;
  bool json = false;
  PredictionOptions here;
};

std::string shown(const std::string& text) {
  return client::printable_line(text, kShownCharactersMax);
}

std::string text_or(const json::Node& model, const char* key, const std::string& otherwise) {
  const std::string text = model.as_string_or(key, "");
  return text.empty() ? otherwise : shown(text);
}

std::string yes_or_no(const json::Node& model, const char* key) {
  const auto told = model.get(key);
  return !told ? "not told" : told->as_bool() ? "yes" : "no";
}

std::string weights(const json::Node& model) {
  const std::string quantization = text_or(model, "quantization", "not told");
  return quantization == "none" ? "not quantized" : quantization;
}

std::string context(const json::Node& model) {
  const auto tokens = model.as_int_or("max_model_len", 0);
  const auto own = model.as_int_or("own_context_tokens", 0);
  return (tokens == 0 ? "not told" : std::to_string(tokens) + " tokens") +
         (own == 0 ? "" : " of " + std::to_string(own) + ", as --kv-bytes has room for");
}

std::string sampling(const json::Node& model) {
  const auto choice = model.get("sampling");
  if (!choice || !choice->is_object() || choice->members().empty())
    return "its maker chose none: OpenAI's, temperature 1 and top_p 1; in `sanctum chat` 0.7 and "
           "0.95";
  std::string text;
  for (const auto& [name, value] : choice->members())
    text += (text.empty() ? "" : ", ") + name + " " + value.dump();
  return shown(text) + " (its maker's, for what a request leaves out)";
}

// What a server says of its models: /v1/models, and those that it could not load of /status, where
// it lets us see that.
struct Asked {
  std::string url, models, status;
};

Asked asked(const Options& options) {
  client::ChatClient client(resolve(options.server, client::process_environment));
  const client::HttpReply reply = client.get("/v1/models");
  if (reply.ending != client::Ending::kAnswered)
    throw Error(ErrorCode::kUnavailable, unreachable_advice(client.endpoint(), reply.message));
  if (reply.status == 200) return {client.endpoint().url, reply.body, client.get("/status").body};
  client::Answer refused;
  read_error(reply.status, reply.body, refused);
  throw Error(ErrorCode::kUnavailable, refused.failure);
}

int list(const Options& options) {
  const Asked told = asked(options);
  const json::Document document(told.models);
  if (options.json) {
    std::printf("%s\n", document.root().dump().c_str());
    return 0;
  }
  const auto models = document.root().at("data").as_array(client::kModelsMax);
  const auto failed = client::failed_models(told.status);
  bool first = models.size() > 1;
  for (const json::Node& model : models) {
    std::printf("%s%s  %s, context %s", shown(model.at("id").as_string()).c_str(),
                std::exchange(first, false) ? " (the default)" : "",
                text_or(model, "state", "ready").c_str(), context(model).c_str());
    if (yes_or_no(model, "vision") == "yes") std::printf(", sees pictures");
    if (yes_or_no(model, "tools") == "yes") std::printf(", knows of tools");
    if (yes_or_no(model, "chat") == "no") std::printf(", answers no chats");
    const std::string why = text_or(model, "reason", "");  // it is not ready
    std::printf("%s%s\n", why.empty() ? "" : ": ", why.c_str());
  }
  for (const auto& [name, why] : failed)
    std::printf("%s  failed: %s\n", shown(name).c_str(), shown(why).c_str());
  if (models.empty()) std::printf("no model is served; `sanctum status` says why\n");
  return models.empty() ? kExitNo : 0;
}

void print(const json::Node& model, const std::string& url) {
  const std::string name = shown(model.at("id").as_string());
  std::printf("name          %s\n", name.c_str());
  std::printf("state         %s\n", text_or(model, "state", "not told").c_str());
  if (const std::string why = text_or(model, "reason", ""); !why.empty())
    std::printf("reason        %s\n", why.c_str());
  std::printf("architecture  %s\n", text_or(model, "architecture", "not told").c_str());
  std::printf("weights       %s\n", weights(model).c_str());
  std::printf("context       %s\n", context(model).c_str());
  std::printf("pictures      %s\n", yes_or_no(model, "vision").c_str());
  std::printf("tools         %s\n", yes_or_no(model, "tools").c_str());
  const std::string no_chat = text_or(model, "no_chat", "");
  if (no_chat.empty())
    std::printf("chat          %s\n", yes_or_no(model, "chat").c_str());
  else
    std::printf("chat          no, %s: /v1/completions\n", no_chat.c_str());
  std::printf("sampling      %s\n", sampling(model).c_str());
  if (no_chat.empty())
    std::printf("try           sanctum chat --model %s \"What is 17 + 25?\"\n", name.c_str());
  else
    std::printf("try           %s\n", client::prompt_command(url, name).c_str());
}

// Of one that could not be loaded.
int print_failed(const std::string& name, const std::string& why, bool as_json) {
  if (as_json) {
    json::Writer w;
    w.begin_object().field("id", name).field("state", "failed").field("reason", why).end_object();
    std::printf("%s\n", w.take().c_str());
  } else {
    std::printf("name          %s\n", shown(name).c_str());
    std::printf("state         failed\nreason        %s\n", shown(why).c_str());
  }
  return kExitNo;
}

int print_served(const Options& options) {
  const Asked told = asked(options);
  const json::Document document(told.models);
  std::vector<std::string> names;
  for (const json::Node& model : document.root().at("data").as_array(client::kModelsMax)) {
    names.push_back(model.at("id").as_string());
    if (!options.name.empty() && names.back() != options.name) continue;
    if (options.here.json)
      std::printf("%s\n", model.dump().c_str());
    else
      print(model, told.url);
    return 0;
  }
  for (const auto& [name, why] : client::failed_models(told.status)) {
    names.push_back(name);
    if (options.name.empty() || name == options.name)
      return print_failed(name, why, options.here.json);
  }
  std::string all;
  for (const auto& each : names) all += (all.empty() ? "" : ", ") + each;
  throw Error(ErrorCode::kNotFound,
              "there is no model '" + options.name + "'" +
                  did_you_mean(options.name, names, "there is " + (all.empty() ? "none" : all)));
}

// A path, or what another program keeps: of those no server tells.
bool lies_here(const std::string& name) {
  for (const char* start : {"/", "./", "../", "~/"})
    if (name.starts_with(start)) return true;
  return name.ends_with(".gguf") || catalog::is_foreign_name(name) || catalog::is_import_name(name);
}

// What is served under a name is meant before what lies here under it.
int info(const Options& options) {
  std::string not_served;
  if (lies_here(options.name) && options.server.url.empty())
    return print_prediction(options.name, options.here, {});
  try {
    if (options.here.kv_bytes.empty() && options.here.kv_type.empty()) return print_served(options);
  } catch (const Error& error) {
    if (options.name.empty() || !options.server.url.empty()) throw;
    not_served = error.what();
  }
  return print_prediction(options.name, options.here, not_served);
}

}  // namespace

void add_models(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<Options>();
  auto& models =
      *app.add_subcommand("models", "Show what is served; download, import, look after models");
  add_server_options(models, options->server);
  models.add_flag("--json", options->json, "As the server tells it, instead of lines");
  models.footer(
      "Examples:\n"
      "  sanctum models\n"
      "  sanctum models info sanctum-smoke\n"
      "  sanctum models pull mlx-community/Qwen3-4B-4bit\n"
      "  sanctum models list\n"
      "  sanctum models import model.gguf\n"
      "\n" +
      exit_codes("done", "no model is served"));
  auto& one = *models.add_subcommand(
      "info", "One model: what a server tells of it, or what it would take of memory here");
  one.add_option("name", options->name,
                 "As `sanctum models` lists it (default: the first); or one that is not served, as "
                 "`serve` takes it");
  add_prediction_options(one, options->here);
  add_server_options(one, options->server);
  one.footer(
      "Examples:\n"
      "  sanctum models info\n"
      "  sanctum models info mlx-community/Qwen3-4B-4bit --kv-bytes 8GiB\n\n" +
      exit_codes("done", "it is not served, and cannot be, or does not fit here"));
  add_models_import(models, exit_code);
  on_chosen(one, exit_code, [options] { return info(*options); });
  add_models_architectures(models, exit_code);
  add_models_convert(models, exit_code);
  add_models_pull(models, exit_code);
  add_models_list(models, exit_code);
  add_models_check(models, exit_code);
  add_models_remove(models, exit_code);
  on_chosen(models, exit_code, [&models, &exit_code, options] {
    return models.get_subcommands().empty() ? list(*options) : exit_code;
  });
}

}  // namespace sanctum
