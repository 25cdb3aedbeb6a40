// sanctum models import FILE.gguf [DIR]: a model directory of a GGUF file.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "apps/byte_progress.h"
#include "apps/command.h"
#include "apps/models_commands.h"
#include "base/error.h"
#include "base/size_text.h"
#include "client/printable.h"
#include "gguf/import.h"

namespace sanctum {
namespace {

constexpr std::size_t kNameCharactersMax = 200;

struct Options {
  std::string file, directory;
};

// What a shell reads as one word.
std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+=:,@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string directory_of(const Options& options) {
  if (!options.directory.empty()) return options.directory;
  const std::filesystem::path file(options.file);
  if (file.extension() == ".gguf" && !file.stem().empty()) return file.stem().string();
  throw Error(ErrorCode::kInvalid,
              "the file's name does not end in .gguf, so name the directory to make: sanctum "
              "models import " +
                  shell_word(options.file) + " DIR");
}

int run(const Options& options) {
  const std::string directory = directory_of(options);
  const auto result = tell_bytes("importing", [&](const auto& progress, const auto& stop) {
    return gguf::import_file(options.file, directory, progress, stop);
  });
  const std::string name = client::printable_line(result.name, kNameCharactersMax);
  std::printf("model    %s%s (%s), %zu tensors\n", name.c_str(), name.empty() ? "unnamed" : "",
              result.architecture.c_str(), result.tensors);
  std::printf("made     %s, %s of weights\n", directory.c_str(), size_text(result.bytes).c_str());
  if (!result.has_chat_template)
    std::printf("missing  a chat template: the file has none, so only raw prompts are answered\n");
  std::printf("next     sanctum serve %s\n", shell_word(directory).c_str());
  return 0;
}

}  // namespace

void add_models_import(CLI::App& models, int& exit_code) {
  const auto options = std::make_shared<Options>();
  auto& import = *models.add_subcommand(
      "import", "Make a model directory of a GGUF file, as llama.cpp, Ollama and LM Studio have");
  import.add_option("file", options->file, "The GGUF file; it is only read")->required();
  import.add_option("directory", options->directory,
                    "To make; must not be there yet (default: FILE without .gguf, here)");
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
      "\n" +
      exit_codes("done"));
  on_chosen(import, exit_code, [options] { return run(*options); });
}

}  // namespace sanctum
