#include "apps/other_programs.h"

namespace sanctum {
namespace {

constexpr const char* kServed =
    "`sanctum models list` lists what is downloaded, `sanctum models` what is served";
constexpr const char* kNamed = "`sanctum serve NAME=MODEL` serves a model by that name";
constexpr const char* kWord = "the model is a word: `sanctum serve MODEL`";
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
    {"--alias", kNamed},
    {"-a", kNamed},
    {"--model", kWord},
    {"-m", kWord},
    {"--host", kAddress},
    {"--port", kAddress},
    {"--ctx-size", kContext},
    {"-c", kContext},
    {"--parallel", "`--max-sequences` is how many requests are served at once"},
    {"-np", "`--max-sequences` is how many requests are served at once"},
    {"--api-key", "`sanctum keys add NAME` makes a key that the server wants"},
};

}  // namespace

std::string here_instead(std::string_view word) {
  for (const auto& known : kWords)
    if (known.word == word) return known.instead;
  return {};
}

bool means_remove(std::string_view word) {
  return word == "rm" || word == "del" || word == "delete" || word == "revoke";
}

}  // namespace sanctum
