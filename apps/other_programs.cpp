#include "apps/other_programs.h"

namespace sanctum {
namespace {

constexpr const char* kServed =
    "`sanctum models list` lists what is downloaded, `sanctum models` what is served";
constexpr const char* kNamed = "`sanctum serve NAME=MODEL` serves a model by that name";
constexpr const char* kWord = "the model is a word: `sanctum serve MODEL`";
constexpr const char* kHub =
    "`sanctum models pull ORG/NAME` downloads a model, `sanctum serve ORG/NAME` serves it";
constexpr const char* kAddress = "`--listen HOST:PORT` is where it listens";
constexpr const char* kContext = "a context is as long as the model's, and as `--kv-bytes` holds";

constexpr struct {
  std::string_view word;
  const char* instead;
} kWords[] = {
    {"run", "`sanctum serve MODEL` serves a model, `sanctum chat` talks with it"},
    {"pull",
     "`sanctum models pull ORG/NAME` downloads a model, `sanctum serve ORG/NAME` serves it"},
    {"list", kServed},
    {"ls", kServed},
    {"rm", "`sanctum models remove NAME` removes a downloaded model"},
    {"ps", "`sanctum status` shows what is served, and what it takes"},
    {"show", "`sanctum models info NAME` shows a model"},
    {"help", "`sanctum --help` lists the commands"},
    {"version", "`sanctum --version`"},
    {"start", "`sanctum serve` starts a server, `sanctum service install` one that stays"},
    {"logs",
     "`serve` writes its log to standard error, a service's is the manager's; `sanctum "
     "incidents` tells what was wrong"},
    {"cp", kNamed},
    {"create", kNamed},
    {"import", "`sanctum models import FILE.gguf` imports a GGUF file"},
    {"convert", "`sanctum models convert MODEL` makes an MLX model of one of Hugging Face's"},
    {"quantize", "`sanctum models quantize MODEL` quantizes one"},
    {"generate",
     "`sanctum chat \"QUESTION\"` asks a server that runs; `sanctum serve MODEL` starts one"},
    {"--alias", kNamed},
    {"-a", kNamed},
    {"--model", kWord},
    {"-m", kWord},
    {"-hf", kHub},
    {"-hfr", kHub},
    {"--hf-repo", kHub},
    {"--host", kAddress},
    {"--port", kAddress},
    {"--ctx-size", kContext},
    {"-c", kContext},
    {"--parallel", "`--max-sequences` is how many requests are served at once"},
    {"-np", "`--max-sequences` is how many requests are served at once"},
    {"--api-key", "`sanctum keys add NAME` makes a key that the server wants"},
};

// Of `sanctum models`, to which commands of other programs are carried over.
constexpr struct {
  std::string_view word;
  const char* instead;
} kWordsOfModels[] = {
    {"ls", "`sanctum models list` lists what is downloaded"},
    {"show", "`sanctum models info NAME` shows a model"},
    {"inspect", "`sanctum models info NAME` shows a model"},
    {"download", "`sanctum models pull ORG/NAME` downloads a model"},
    {"get", "`sanctum models pull ORG/NAME` downloads a model"},
    {"verify", "`sanctum models check NAME` looks whether a downloaded model is whole"},
    {"run", "`sanctum serve MODEL` serves a model, `sanctum chat` talks with it"},
    {"serve", "`sanctum serve MODEL` serves a model"},
    {"ps", "`sanctum models` shows what is served"},
    {"create", "`sanctum models import FILE.gguf` makes a model directory of a GGUF file"},
    {"prune", "`sanctum models remove --unused` removes what was made of files that are gone"},
    {"help", "`sanctum models --help` lists the commands"},
};

}  // namespace

std::string here_instead_of_models(std::string_view word) {
  for (const auto& known : kWordsOfModels)
    if (known.word == word) return known.instead;
  return {};
}

std::string here_instead(std::string_view word) {
  for (const auto& known : kWords)
    if (known.word == word) return known.instead;
  return {};
}

bool means_remove(std::string_view word) {
  return word == "rm" || word == "del" || word == "delete" || word == "revoke";
}

}  // namespace sanctum
