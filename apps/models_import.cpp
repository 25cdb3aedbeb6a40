// sanctum models import FILE [DIR]: a model directory of a GGUF file.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "apps/byte_progress.h"
#include "apps/command.h"
#include "apps/model_look.h"
#include "apps/models_commands.h"
#include "apps/not_empty.h"
#include "apps/shell_word.h"
#include "base/error.h"
#include "base/home_path.h"
#include "base/size_text.h"
#include "base/unreadable.h"
#include "catalog/foreign_models.h"
#include "catalog/imports.h"
#include "client/printable.h"
#include "gguf/import.h"
#include "hub/cache_layout.h"
#include "hub/gguf_name.h"
#include "hub/places.h"
#include "supervisor/model_directory.h"
#include "supervisor/model_refusal.h"

namespace sanctum {
namespace {

constexpr std::size_t kNameCharactersMax = 200;
constexpr std::size_t kShownCharactersMax = 2000;

struct Options {
  std::string file, directory;
};

std::string shown(const std::string& text) {
  return client::printable_line(text, kShownCharactersMax);
}

bool is_downloaded(const std::string& name) {
  const std::string cache = hub::cache_directory();
  std::error_code ignored;
  return (hub::is_repository_name(name) || hub::is_old_repository_name(name)) && !cache.empty() &&
         std::filesystem::is_directory(hub::repository_directory(name, cache), ignored);
}

// A GGUF file, of what a person named. Throws Error that says what it is instead.
std::string file_of(const std::string& told) {
  std::string path = home_expanded(told);
  const auto places = supervisor::search_places();
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    if (!hub::has_config(path)) supervisor::refuse_directory(path);
    throw Error(ErrorCode::kInvalid,
                told +
                    " is a model directory already, which an import would make: `sanctum serve " +
                    shell_word(told) + "` serves it",
                "file");
  }
  if (catalog::is_foreign_name(told) || !std::filesystem::exists(path, ignored)) {
    if (!catalog::is_foreign_name(told) && !catalog::is_import_name(told) &&
        !hub::is_gguf_name(path) && !is_downloaded(told)) {
      if (auto why = why_unreadable(path); !why.empty())
        throw Error(ErrorCode::kDenied, why, "file");
      throw Error(ErrorCode::kNotFound, "there is no file '" + told + "'", "file");
    }
    const auto found = supervisor::find_model(told, places);
    if (!found.gguf.empty()) return found.gguf;
    throw Error(ErrorCode::kInvalid,
                "'" + told + "' is a model directory already (" + found.path +
                    "): `sanctum serve " + shell_word(told) + "` serves it",
                "file");
  }
  return path;
}

// Where a person did not say.
std::string directory_named_by(const std::string& told) {
  const bool foreign = catalog::is_foreign_name(told);
  const std::filesystem::path file(foreign ? catalog::own_name(told) : told);
  std::string name = (hub::is_gguf_name(told) ? file.stem() : file.filename()).string();
  std::replace(name.begin(), name.end(), ':', '-');
  if ((foreign || hub::is_gguf_name(told)) && !name.empty()) return name;
  throw Error(ErrorCode::kInvalid,
              "the file's name does not end in .gguf, so name the directory to make: sanctum "
              "models import " +
                  shell_word(told) + " DIR");
}

int run(const Options& options) {
  const std::string file = file_of(options.file);
  const std::string directory = options.directory.empty() ? directory_named_by(options.file)
                                                          : home_expanded(options.directory);
  const auto result = tell_bytes("importing", [&](const auto& progress, const auto& stop) {
    return gguf::import_file(file, directory, progress, stop);
  });
  const std::string name = client::printable_line(result.name, kNameCharactersMax);
  std::printf("model    %s%s (%s), %zu tensors\n", name.c_str(), name.empty() ? "unnamed" : "",
              result.architecture.c_str(), result.tensors);
  std::printf("made     %s, %s of weights\n", shown(directory).c_str(),
              size_text(result.bytes).c_str());
  if (result.left_out > 0)
    std::printf("left     the picture half, %zu tensors: the text half is served alone\n",
                result.left_out);
  if (!result.has_chat_template)
    std::printf("missing  a chat template: the file has none, so only raw prompts are answered\n");
  const NextStep next = next_step(directory, directory);
  std::printf("next     %s\n", shown(next.text).c_str());
  return next.serves ? 0 : kExitNo;
}

}  // namespace

void add_models_import(CLI::App& models, int& exit_code) {
  const auto options = std::make_shared<Options>();
  auto& import = *models.add_subcommand(
      "import", "Make a model directory of a GGUF file, as llama.cpp, Ollama and LM Studio have");
  import
      .add_option("file", options->file,
                  "The GGUF file, or ollama:NAME, lmstudio:PUBLISHER/REPO; it is only read")
      ->required();
  import
      .add_option(
          "directory,-o,--to", options->directory,
          "The directory to make; must not be there yet (default: FILE without .gguf, here)")
      ->check(not_empty())
      ->type_name("DIR");
  import.footer(
      "No server is needed, and the directory takes about as much room as the file: up to twice\n"
      "for those of five bits and more. Weights of Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 and IQ4_NL stay\n"
      "what they are, exactly; of Q4_K, Q5_K and IQ4_XS scales are rounded to 16 bits; those of\n"
      "Q2_K, Q3_K and Q6_K become 8 bits, within half a step. F16, BF16 and F32 stay.\n"
      "Architectures: llama (and mistral), qwen2, qwen3, qwen3moe, gemma3, phi3, gpt-oss, "
      "smollm3.\n"
      "`sanctum serve` says which of them it serves.\n"
      "\n"
      "`sanctum serve FILE.gguf` does the same by itself, and `sanctum serve ollama:NAME` with "
      "what\n"
      "Ollama has fetched: this is for a directory of your own.\n"
      "\n"
      "Examples:\n"
      "  sanctum models import Qwen3-4B-Q4_K_M.gguf\n"
      "  sanctum models import model.gguf ~/models/mine\n"
      "  sanctum models import ollama:qwen3:4b --to qwen3\n"
      "\n" +
      exit_codes("done", "done, and what was made cannot be served"));
  on_chosen(import, exit_code, [options] { return run(*options); });
}

}  // namespace sanctum
