// sanctum models pull: downloads a model into Hugging Face's cache.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <memory>

#include "apps/command.h"
#include "apps/models_commands.h"
#include "base/error.h"
#include "base/size_text.h"
#include "client/interrupt.h"
#include "client/printable.h"
#include "hub/places.h"
#include "hub/pull.h"

namespace sanctum {
namespace {

constexpr std::size_t kShownCharactersMax = 2000;

std::string shown(const std::string& text) {
  return client::printable_line(text, kShownCharactersMax);
}

void report(const hub::PullOptions& options, const hub::Pulled& pulled) {
  std::fprintf(stderr, "%d files, %s, %s of it loaded now\n", pulled.files,
               size_text(pulled.bytes).c_str(), size_text(pulled.bytes_loaded).c_str());
  std::fflush(stderr);
  std::printf("%s\n", pulled.snapshot.c_str());
  std::fflush(stdout);
  const bool found_by_name = options.revision == hub::kMain;
  std::fprintf(
      stderr, "serve it: sanctum serve %s\n",
      found_by_name ? options.model.c_str() : (options.model + "=" + pulled.snapshot).c_str());
}

int pull(hub::PullOptions options, const std::string& told_hub) {
  options.endpoint = hub::endpoint(told_hub);
  options.token = hub::token();
  options.cache = hub::cache_directory();
  std::signal(SIGXFSZ, SIG_IGN);  // a limit of files' sizes is an error that is told
  const client::Interrupt interrupt;
  hub::Progress progress(stderr, ::isatty(STDERR_FILENO) == 1, shown);
  try {
    report(options, hub::pull(options, progress, *interrupt.flag()));
    return 0;
  } catch (const Error& error) {
    progress.over();
    if (error.code() == ErrorCode::kCancelled)
      throw Error(error.code(), "stopped; what was loaded is kept, and the same command goes on");
    throw Error(error.code(), shown(error.what()), error.field());
  }
}

}  // namespace

void add_models_pull(CLI::App& models, int& exit_code) {
  const auto options = std::make_shared<hub::PullOptions>();
  const auto told_hub = std::make_shared<std::string>();
  auto& command = *models.add_subcommand("pull", "Download a model, or go on with a download");
  command.add_option("name", options->model, "org/name, such as mlx-community/Qwen3-4B-4bit")
      ->required();
  command.add_option("--revision", options->revision, "A branch, a tag or a commit")
      ->type_name("R")
      ->capture_default_str();
  command
      .add_option("--hub", *told_hub,
                  "Where from (default: $HF_ENDPOINT, else https://huggingface.co)")
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
      "Examples:\n"
      "  sanctum models pull mlx-community/Qwen3-4B-4bit\n"
      "  sanctum models pull org/name --revision v1.0 --hub https://hub.example\n"
      "\n" +
      exit_codes("it is there, whole"));
  on_chosen(command, exit_code, [options, told_hub] { return pull(*options, *told_hub); });
}

}  // namespace sanctum
