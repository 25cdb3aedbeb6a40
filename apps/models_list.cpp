// sanctum models list: what is downloaded, what Ollama and LM Studio keep here, and what `serve`
// made of GGUF files.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "apps/command.h"
#include "apps/model_rows.h"
#include "apps/models_commands.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/size_text.h"
#include "base/unreadable.h"
#include "catalog/foreign_models.h"
#include "catalog/import_removal.h"
#include "catalog/imports.h"
#include "client/printable.h"
#include "client/running_servers.h"
#include "hub/cached_models.h"
#include "hub/places.h"

namespace sanctum {
namespace {

constexpr std::size_t kShownCharactersMax = 500;

struct Options {
  bool json = false;
  std::string state_dir;
};

std::string shown(const std::string& text) {
  return client::printable_line(text, kShownCharactersMax);
}

void print(const ModelRow& row, int width) {
  const std::string& path = row.path;
  std::printf("%-*s  %8s  %-10s  %-8s  %s\n", width, shown(row.name).c_str(),
              size_text(row.bytes).c_str(),
              row.architecture.empty() ? "-" : shown(row.architecture).c_str(),
              word_of(row.can.yes).c_str(), path.empty() ? "-" : shown(path).c_str());
  for (const auto& note : row.notes) std::printf("    %s\n", note.c_str());
}

void write(json::Writer& w, const ModelRow& row) {
  w.begin_object();
  w.field("name", row.name).field("owner", row.owner).field("architecture", row.architecture);
  w.key("servable");
  if (row.can.yes)
    w.value(*row.can.yes);
  else
    w.null();
  w.field("reason", row.can.why);
  w.field("size_bytes", row.bytes).field("disk_bytes", row.disk_bytes);
  w.field("path", row.nothing_whole ? "" : row.path);
  w.field("revision", row.revision).field("commit", row.commit);
  w.field("loaded_in_part", row.in_part).field("left_out", row.left_out);
  w.end_object();
}

void write(json::Writer& w, const catalog::Import& import) {
  w.begin_object().field("name", import.name).field("path", import.directory);
  w.field("made_of", import.source).field("size_bytes", import.bytes);
  w.field("of_use", import.of_use()).end_object();
}

// What else a file is called that an import was made of: Ollama's are named by their hash.
std::string also_called(const std::string& source, const std::vector<ModelRow>& rows) {
  std::error_code ignored;
  for (const auto& row : rows)
    if (row.owner != kOwnCache && std::filesystem::equivalent(row.path, source, ignored))
      return " (" + row.name + ")";
  return {};
}

void print(const std::vector<catalog::Import>& imports, const std::vector<ModelRow>& rows) {
  if (imports.empty()) return;
  std::printf(
      "%sMade of GGUF files by `sanctum serve`. They stay; `sanctum models remove NAME` removes "
      "one,\n`sanctum models remove --unused` those whose file is gone or another:\n",
      rows.empty() ? "" : "\n");
  for (const auto& import : imports)
    std::printf("  %s  %s  %s\n      %s\n", shown(import.name).c_str(),
                size_text(import.bytes).c_str(),
                shown(catalog::origin_of(import) + also_called(import.source, rows)).c_str(),
                shown(import.directory).c_str());
}

void print_unfinished(const std::vector<std::string>& unfinished) {
  for (const auto& path : unfinished)
    std::printf("  unfinished, of a start that runs or was killed: %s\n", shown(path).c_str());
}

std::vector<std::string> looked_in(const std::string& cache,
                                   const catalog::ForeignPlaces& foreign) {
  std::vector<std::string> all;
  if (!cache.empty()) all.push_back(cache);
  all.insert(all.end(), foreign.ollama.begin(), foreign.ollama.end());
  all.insert(all.end(), foreign.lm_studio.begin(), foreign.lm_studio.end());
  return all;
}

int list(const Options& options) {
  const std::string cache = hub::cache_directory();
  const auto places = catalog::foreign_places();
  const Instant until = Clock::now() + kLookedIntoMax;
  std::vector<ModelRow> rows;
  if (!cache.empty())
    for (const auto& model : hub::cached_models(cache))
      for (auto& row : rows_of(model, until)) rows.push_back(std::move(row));
  for (const auto& model : catalog::foreign_models(places)) rows.push_back(row_of(model, until));
  const auto made_in = imports_directories(options.state_dir);
  const auto imports = catalog::imports_in(made_in);
  std::vector<std::string> unfinished;
  for (const auto& place : made_in)
    for (auto& path : catalog::unfinished_imports(place)) unfinished.push_back(std::move(path));
  const bool none = rows.empty() && imports.empty();
  if (options.json) {
    json::Writer w;
    w.begin_object().field("cache", cache).key("models").begin_array();
    for (const auto& row : rows) write(w, row);
    w.end_array().key("imports").begin_array();
    for (const auto& import : imports) write(w, import);
    w.end_array().key("unfinished").begin_array();
    for (const auto& path : unfinished) w.value(path);
    w.end_array().key("places").begin_array();
    for (const auto& place : looked_in(cache, places)) w.value(place);
    w.end_array().end_object();
    std::printf("%s\n", w.take().c_str());
    return none ? kExitNo : 0;
  }
  std::size_t width = std::string_view("NAME").size();
  for (const auto& row : rows) width = std::max(width, shown(row.name).size());
  const int columns = static_cast<int>(width);
  if (!rows.empty())
    std::printf("%-*s  %8s  %-10s  %-8s  %s\n", columns, "NAME", "SIZE", "KIND", "SERVED?", "PATH");
  for (const auto& row : rows) print(row, columns);
  print(imports, rows);
  print_unfinished(unfinished);
  const std::string closed = cache.empty() ? "" : why_unreadable(cache);
  if (!closed.empty())
    std::printf("what is downloaded cannot be told: %s\n", shown(closed).c_str());
  else if (none)
    std::printf("nothing is downloaded in %s; `sanctum models pull ORG/NAME` downloads\n",
                cache.empty() ? "a cache (HOME is not set)" : cache.c_str());
  std::string looked;
  for (const auto& place : looked_in(cache, places))
    looked += (looked.empty() ? "" : ", ") + shown(catalog::place_text(place));
  std::printf("\nlooked in %s\n", looked.empty() ? "no folder" : looked.c_str());
  return none ? kExitNo : 0;
}

}  // namespace

std::vector<std::string> imports_directories(const std::string& told_state_dir) {
  if (!told_state_dir.empty()) return {told_state_dir + "/imported"};
  std::set<std::string> all;
  try {
    all.insert(client::default_state_dir() + "/imported");
  } catch (const Error&) {  // there is no home, and nobody served without a word of where
  }
  for (const auto& server : client::running_servers()) all.insert(server.state_dir + "/imported");
  return {all.begin(), all.end()};
}

void add_models_list(CLI::App& models, int& exit_code) {
  const auto options = std::make_shared<Options>();
  auto& command = *models.add_subcommand(
      "list",
      "What is downloaded, and what Ollama and LM Studio have: size, whether it can be served");
  command.add_flag("--json", options->json, "One JSON object");
  add_state_dir(command, options->state_dir);
  command.footer(
      "`sanctum models` without a word more shows what a server serves. `sanctum serve NAME` "
      "serves\n"
      "what is listed, `sanctum serve PATH` a GGUF file and another revision. Ollama's folder is\n"
      "$OLLAMA_MODELS, else ~/.ollama/models and a service's /usr/share/ollama/.ollama/models, LM\n"
      "Studio's ~/.lmstudio/models; nothing is changed there.\n"
      "\n"
      "Example:\n"
      "  sanctum models list\n"
      "\n" +
      exit_codes("listed", "there is nothing"));
  on_chosen(command, exit_code, [options] { return list(*options); });
}

}  // namespace sanctum
