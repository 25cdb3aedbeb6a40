// sanctum models list: what is downloaded.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "apps/command.h"
#include "apps/models_commands.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/json.h"
#include "base/size_text.h"
#include "client/printable.h"
#include "hub/cached_models.h"
#include "hub/places.h"
#include "platform/command.h"
#include "platform/machine.h"

namespace sanctum {
namespace {

constexpr std::size_t kShownCharactersMax = 300;
constexpr std::chrono::seconds kAskedForMax{20};  // of the engine's program, all models together

struct Servable {
  std::optional<bool> yes;  // nothing where it cannot be told
  std::string why;          // not, or not told
};

std::string shown(const std::string& text) {
  return client::printable_line(text, kShownCharactersMax);
}

// What the engine's program says of a model, without its name and place.
std::string reason_in(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  constexpr std::string_view kBefore = " cannot be served: ";
  const std::size_t at = text.find(kBefore);
  return shown(at == std::string::npos ? text : text.substr(at + kBefore.size()));
}

// The engine's program knows, and reads no weights for it (engine/load_check.h).
Servable servable(const hub::CachedModel& model, Instant until) {
  if (model.snapshot.empty()) return {false, "its download did not end"};
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
  if (left.count() <= 0) return {std::nullopt, "too many models to ask of each"};
  const auto program =
      std::filesystem::path(platform::executable_path()).parent_path() / "sanctum-engine";
  try {
    const auto result = platform::run_command(
        {program.string(), "--log-level", "error", "--check", model.name + "=" + model.snapshot},
        left);
    if (result.status.signal != 0 ||
        (result.status.code != 0 && result.status.code != kExitConfiguration))
      return {std::nullopt, "the engine's program " + platform::describe(result.status)};
    return {result.status.code == 0, result.status.code == 0 ? "" : reason_in(result.output)};
  } catch (const Error& error) {
    return {std::nullopt, shown(error.what())};
  }
}

std::string word_of(const std::optional<bool>& yes) {
  return !yes ? "not told" : *yes ? "yes" : "no";
}

void print(const hub::CachedModel& model, const Servable& can, int width) {
  const std::string size = size_text(model.snapshot.empty() ? model.disk_bytes : model.bytes);
  std::printf("%-*s  %8s  %-10s  %-8s  %s\n", width, shown(model.name).c_str(), size.c_str(),
              model.architecture.empty() ? "-" : shown(model.architecture).c_str(),
              word_of(can.yes).c_str(),
              shown(model.snapshot.empty() ? model.directory : model.snapshot).c_str());
  if (!can.why.empty() && !model.snapshot.empty()) std::printf("    %s\n", can.why.c_str());
  if (model.begun || model.snapshot.empty())
    std::printf("    loaded in part; `sanctum models pull %s` goes on\n",
                shown(model.name).c_str());
}

void write(json::Writer& w, const hub::CachedModel& model, const Servable& can) {
  w.begin_object().field("name", model.name).field("architecture", model.architecture);
  w.field("size_bytes", model.bytes).field("disk_bytes", model.disk_bytes);
  w.field("commit", model.commit).field("path", model.snapshot);
  w.field("loaded_in_part", model.begun || model.snapshot.empty());
  w.key("servable");
  if (can.yes)
    w.value(*can.yes);
  else
    w.null();
  w.field("reason", can.why).end_object();
}

int list(bool as_json) {
  const std::string cache = hub::cache_directory();
  const auto models = cache.empty() ? std::vector<hub::CachedModel>() : hub::cached_models(cache);
  const Instant until = Clock::now() + kAskedForMax;
  json::Writer w;
  w.begin_object().field("cache", cache).key("models").begin_array();
  int width = static_cast<int>(std::string_view("NAME").size());
  for (const auto& model : models)
    width = std::max(width, static_cast<int>(shown(model.name).size()));
  if (!as_json && !models.empty())
    std::printf("%-*s  %8s  %-10s  %-8s  %s\n", width, "NAME", "SIZE", "KIND", "SERVED?", "PATH");
  for (const auto& model : models) {
    const Servable can = servable(model, until);
    if (as_json)
      write(w, model, can);
    else
      print(model, can, width);
  }
  w.end_array().end_object();
  if (as_json) std::printf("%s\n", w.take().c_str());
  if (!models.empty()) return 0;
  if (!as_json)
    std::printf("nothing is downloaded in %s; `sanctum models pull ORG/NAME` downloads\n",
                cache.empty() ? "a cache (HOME is not set)" : cache.c_str());
  return kExitNo;
}

}  // namespace

void add_models_list(CLI::App& models, int& exit_code) {
  const auto as_json = std::make_shared<bool>(false);
  auto& command = *models.add_subcommand(
      "list", "What is downloaded: size, kind, whether it can be served, where it lies");
  command.add_flag("--json", *as_json, "One JSON object");
  command.footer(
      "`sanctum models` without a word more shows what a server serves.\n"
      "\n"
      "Example:\n"
      "  sanctum models list\n"
      "\n" +
      exit_codes("listed", "nothing is downloaded"));
  on_chosen(command, exit_code, [as_json] { return list(*as_json); });
}

}  // namespace sanctum
