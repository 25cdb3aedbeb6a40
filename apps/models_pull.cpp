// sanctum models pull: downloads a model into Hugging Face's cache.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "apps/command.h"
#include "apps/model_look.h"
#include "apps/models_commands.h"
#include "apps/not_empty.h"
#include "apps/shell_word.h"
#include "base/count_text.h"
#include "base/error.h"
#include "base/size_text.h"
#include "catalog/foreign_models.h"
#include "catalog/imports.h"
#include "client/interrupt.h"
#include "client/printable.h"
#include "hub/gguf_name.h"
#include "hub/model_check.h"
#include "hub/places.h"
#include "hub/pull.h"
#include "hub/repository_kind.h"
#include "hub/repository_word.h"

namespace sanctum {
namespace {

constexpr std::size_t kShownCharactersMax = 2000;

std::string shown(const std::string& text) {
  return client::printable_line(text, kShownCharactersMax);
}

// Lists of files have a line each.
std::string shown_lines(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out += (at == 0 ? "" : "\n") + shown(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

std::string serve_it(const std::string& name, const std::string& path) {
  const NextStep step = next_step(name, path);
  return (step.serves ? "serve it: " : "") + step.text;
}

std::vector<std::string> next_steps_of_gguf(const hub::Pulled& pulled) {
  std::vector<std::string> steps;
  for (const auto& file : hub::gguf_models(pulled.paths)) {
    const std::string path = pulled.snapshot + "/" + file;
    const auto part = hub::gguf_part_of(file);
    steps.push_back(part.of == 1 ? serve_it(path, path)
                                 : file + " is one of " + std::to_string(part.of) +
                                       " files: " + hub::merging_advice(shell_word(path)) +
                                       ", which can be served");
  }
  if (steps.empty()) steps.emplace_back("it cannot be served: no file of it is a model by itself");
  return steps;
}

std::vector<std::string> next_steps(const hub::PullOptions& options, const hub::Pulled& pulled) {
  const bool found_by_name = options.revision == hub::kMain;
  switch (hub::kind_of(hub::snapshot_files(pulled.snapshot))) {
    case hub::RepositoryKind::kGguf:
      return next_steps_of_gguf(pulled);
    case hub::RepositoryKind::kAdapter:
      return {"it cannot be served: " + hub::adapter_advice(pulled.snapshot)};
    case hub::RepositoryKind::kOther:
      return {"it cannot be served: it has no config.json" +
              std::string(options.patterns.empty()
                              ? ", which says what a model is"
                              : "; without --include all that a model needs is loaded")};
    case hub::RepositoryKind::kModel:
      return {serve_it(found_by_name ? options.model : options.model + "=" + pulled.snapshot,
                       pulled.snapshot)};
  }
  return {};
}

void report(const hub::PullOptions& options, const hub::Pulled& pulled) {
  std::fprintf(stderr, "%s, %s, %s of it loaded now\n", count_text(pulled.files, "file").c_str(),
               size_text(pulled.bytes).c_str(), size_text(pulled.bytes_loaded).c_str());
  std::fflush(stderr);
  std::printf("%s\n", pulled.snapshot.c_str());
  std::fflush(stdout);
  for (const auto& step : next_steps(options, pulled))
    std::fprintf(stderr, "%s\n", shown(step).c_str());
}

// What is another program's is on no hub, and here or not.
void refuse_foreign(const std::string& name) {
  if (catalog::is_import_name(name))
    throw Error(ErrorCode::kInvalid,
                "'" + name + "' is what `sanctum serve` made of a GGUF file here, and on no hub",
                "name");
  if (!catalog::is_foreign_name(name)) return;
  const auto found = catalog::foreign_model(name, catalog::foreign_places());  // or says it is not
  const std::string here = "'" + name + "' is what " + found.owner + " has here already";
  throw Error(ErrorCode::kInvalid,
              found.problem.empty() ? here + ": `sanctum serve " + shell_word(name) + "` serves it"
                                    : here + ", and cannot be served: " + found.problem,
              "name");
}

int pull(hub::PullOptions options, const std::string& told_hub) {
  refuse_foreign(options.model);
  options.endpoint = hub::endpoint(told_hub);
  const auto word = hub::read_repository_word(options.model, options.endpoint);
  options.model = word.model;
  if (!word.revision.empty() && options.revision == hub::kMain) options.revision = word.revision;
  if (!word.file.empty() && options.patterns.empty()) options.patterns = {word.file};
  options.token = hub::token();
  options.cache = hub::cache_directory();
  const client::Interrupt interrupt;
  hub::Progress progress(stderr, ::isatty(STDERR_FILENO) == 1, shown);
  try {
    report(options, hub::pull(options, progress, *interrupt.flag()));
    return 0;
  } catch (const Error& error) {
    progress.over();
    if (error.code() == ErrorCode::kCancelled)
      throw Error(error.code(), "stopped; what was loaded is kept, and the same command goes on");
    throw Error(error.code(), shown_lines(error.what()), error.field());
  }
}

}  // namespace

void add_models_pull(CLI::App& models, int& exit_code) {
  const auto options = std::make_shared<hub::PullOptions>();
  const auto told_hub = std::make_shared<std::string>();
  auto& command = *models.add_subcommand("pull", "Download a model, or go on with a download");
  command
      .add_option("name", options->model,
                  "org/name, such as mlx-community/Qwen3-4B-4bit, or the address of its page")
      ->required();
  command.add_option("--revision", options->revision, "A branch, a tag or a commit")
      ->type_name("R")
      ->capture_default_str();
  command
      .add_option("--hub", *told_hub,
                  "Where from (default: $HF_ENDPOINT, else https://huggingface.co)")
      ->check(not_empty())
      ->type_name("URL");
  command
      .add_option("--include", options->patterns,
                  "Files that match, and no others, e.g. '*.json'; may be given more than once "
                  "(default: configuration, tokenizer, templates and .safetensors)")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  command.add_flag("--verify", options->verify,
                   "Read what is there already, too, and load anew what is damaged");
  command.footer(
      "The files go to Hugging Face's cache ($HF_HUB_CACHE, else $HF_HOME/hub, else\n"
      "~/.cache/huggingface/hub), where its own tools find them, as this finds theirs. A model\n"
      "that wants a token gets that of $HF_TOKEN, else of `hf auth login`. Ctrl-C keeps what was\n"
      "loaded. Standard output is the directory of the model alone.\n"
      "\n"
      "Of a repository of GGUF files the only one is taken; of several --include names one.\n"
      "\n"
      "Examples:\n"
      "  sanctum models pull mlx-community/Qwen3-4B-4bit\n"
      "  sanctum models pull org/name-GGUF --include '*Q8_0.gguf'\n"
      "  sanctum models pull org/name --revision v1.0 --hub https://hub.example\n"
      "\n" +
      exit_codes("it is there, whole"));
  on_chosen(command, exit_code, [options, told_hub] { return pull(*options, *told_hub); });
}

}  // namespace sanctum
