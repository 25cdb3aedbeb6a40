// sanctum models list: what is downloaded, and what Ollama and LM Studio keep here.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/command.h"
#include "apps/engine_opinion.h"
#include "apps/models_commands.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/size_text.h"
#include "catalog/foreign_models.h"
#include "catalog/gguf_outline.h"
#include "catalog/import_place.h"
#include "client/printable.h"
#include "hub/cached_models.h"
#include "hub/places.h"

namespace sanctum {
namespace {

constexpr std::size_t kShownCharactersMax = 300;
constexpr std::chrono::seconds kAskedForMax{20};  // of the engine's program, all models together

// What is shown of a model, whoever keeps it.
struct Row {
  std::string name, owner, path;
  std::uint64_t bytes = 0;
  std::string architecture;
  Servable can;
  std::vector<std::string> notes = {};  // for a person
};

std::string shown(const std::string& text) {
  return client::printable_line(text, kShownCharactersMax);
}

Row row_of(const hub::CachedModel& model, Instant until) {
  const bool there = !model.snapshot.empty();
  Row row{model.name,
          "Hugging Face cache",
          there ? model.snapshot : model.directory,
          there ? model.bytes : model.disk_bytes,
          model.architecture,
          there ? servable(model.name, model.snapshot, until)
                : Servable{false, "its download did not end"}};
  if (there && !row.can.why.empty()) row.notes.push_back(row.can.why);
  if (model.begun || !there)
    row.notes.push_back("loaded in part; `sanctum models pull " + shown(model.name) + "` goes on");
  return row;
}

// Of what another program keeps, a GGUF file or a model directory.
void look_into(Row& row, Instant until) {
  try {
    std::optional<catalog::GgufOutline> outline;
    if (catalog::is_gguf(row.path)) outline.emplace(row.path);
    const std::string directory = outline ? outline->path() : row.path;
    row.architecture = hub::architecture_in(directory);
    row.can = servable(row.name, directory, until);
    if (outline) row.can.why = outline->as_told_of_file(row.can.why);
  } catch (const Error& error) {
    row.can = {false, shown(error.what())};
  }
}

Row row_of(const catalog::ForeignModel& model, Instant until) {
  Row row{model.name, model.owner, model.path, model.bytes, {}, {false, shown(model.problem)}};
  if (model.problem.empty()) look_into(row, until);
  if (!row.can.why.empty()) row.notes.push_back(row.can.why);
  if (!model.left_out.empty()) row.notes.push_back(model.left_out);
  return row;
}

void print(const Row& row, int width) {
  std::printf("%-*s  %8s  %-10s  %-8s  %s\n", width, shown(row.name).c_str(),
              size_text(row.bytes).c_str(),
              row.architecture.empty() ? "-" : shown(row.architecture).c_str(),
              word_of(row.can.yes).c_str(), row.path.empty() ? "-" : shown(row.path).c_str());
  for (const auto& note : row.notes) std::printf("    %s\n", note.c_str());
}

void write(json::Writer& w, const Row& row) {
  w.field("name", row.name).field("owner", row.owner).field("architecture", row.architecture);
  w.key("servable");
  if (row.can.yes)
    w.value(*row.can.yes);
  else
    w.null();
  w.field("reason", row.can.why);
}

void write(json::Writer& w, const hub::CachedModel& model) {
  w.field("size_bytes", model.bytes).field("disk_bytes", model.disk_bytes);
  w.field("commit", model.commit).field("path", model.snapshot);
  w.field("loaded_in_part", model.begun || model.snapshot.empty());
}

void write(json::Writer& w, const catalog::ForeignModel& model) {
  w.field("size_bytes", model.bytes).field("disk_bytes", model.bytes).field("path", model.path);
  w.field("left_out", model.left_out);
}

int list(bool as_json) {
  const std::string cache = hub::cache_directory();
  const auto models = cache.empty() ? std::vector<hub::CachedModel>() : hub::cached_models(cache);
  const auto foreign = catalog::foreign_models(catalog::foreign_places());
  const bool none = models.empty() && foreign.empty();
  const Instant until = Clock::now() + kAskedForMax;
  json::Writer w;
  w.begin_object().field("cache", cache).key("models").begin_array();
  std::size_t width = std::string_view("NAME").size();
  for (const auto& model : models) width = std::max(width, shown(model.name).size());
  for (const auto& model : foreign) width = std::max(width, shown(model.name).size());
  const int columns = static_cast<int>(width);
  if (!as_json && !none)
    std::printf("%-*s  %8s  %-10s  %-8s  %s\n", columns, "NAME", "SIZE", "KIND", "SERVED?", "PATH");
  const auto tell = [&](const auto& model) {
    const Row row = row_of(model, until);
    if (!as_json) return print(row, columns);
    w.begin_object();
    write(w, row);
    write(w, model);
    w.end_object();
  };
  for (const auto& model : models) tell(model);
  for (const auto& model : foreign) tell(model);
  w.end_array().end_object();
  if (as_json) std::printf("%s\n", w.take().c_str());
  if (!none) return 0;
  if (!as_json)
    std::printf("nothing is downloaded in %s; `sanctum models pull ORG/NAME` downloads\n",
                cache.empty() ? "a cache (HOME is not set)" : cache.c_str());
  return kExitNo;
}

}  // namespace

void add_models_list(CLI::App& models, int& exit_code) {
  const auto as_json = std::make_shared<bool>(false);
  auto& command = *models.add_subcommand(
      "list",
      "What is downloaded, and what Ollama and LM Studio have: size, whether it can be served");
  command.add_flag("--json", *as_json, "One JSON object");
  command.footer(
      "`sanctum models` without a word more shows what a server serves. `sanctum serve NAME` "
      "serves\n"
      "what is listed. Ollama's folder is $OLLAMA_MODELS or ~/.ollama/models, LM Studio's\n"
      "~/.lmstudio/models; nothing is changed there.\n"
      "\n"
      "Example:\n"
      "  sanctum models list\n"
      "\n" +
      exit_codes("listed", "there is nothing"));
  on_chosen(command, exit_code, [as_json] { return list(*as_json); });
}

}  // namespace sanctum
