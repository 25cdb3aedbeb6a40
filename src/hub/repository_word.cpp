#include "hub/repository_word.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "hub/cache_layout.h"

namespace sanctum::hub {
namespace {

constexpr std::string_view kPages[] = {"https://huggingface.co/", "http://huggingface.co/",
                                       "https://hf.co/",          "http://hf.co/",
                                       "huggingface.co/",         "hf.co/"};

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::kInvalid, why, "name");
}

std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (end > at) parts.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

// What stands behind the hub in an address; nothing changes of what is none.
std::string without_hub(const std::string& text, const std::string& endpoint) {
  const std::string own = endpoint + "/";
  if (text.starts_with(own)) return text.substr(own.size());
  for (const auto page : kPages)
    if (text.starts_with(page)) return text.substr(page.size());
  if (const std::size_t at = text.find("://"); at != std::string::npos)
    refuse("'" + text + "' is an address at another hub than " + endpoint +
           "; name its model as org/name, and the hub with --hub");
  return text;
}

RepositoryWord of_address(const std::string& text, std::string path) {
  path.resize(std::min(path.size(), path.find_first_of("?#")));
  const auto parts = parts_of(path);
  for (const char* other : {"datasets", "spaces", "collections", "papers"})
    if (!parts.empty() && parts[0] == other)
      refuse("'" + text + "' is the address of no model: it is among a hub's " + other);
  if (parts.size() < 2) refuse("'" + text + "' names no model; one is like org/name");
  RepositoryWord word{parts[0] + "/" + parts[1]};
  const bool names_file = parts.size() > 4 && (parts[2] == "blob" || parts[2] == "resolve");
  if (parts.size() > 3 && (parts[2] == "tree" || names_file)) word.revision = parts[3];
  if (names_file)
    for (std::size_t i = 4; i < parts.size(); ++i) word.file += (i > 4 ? "/" : "") + parts[i];
  return word;
}

// "org/x-GGUF:Q8_0" of llama.cpp and Ollama, "llama3.2:1b" of Ollama alone.
[[noreturn]] void refuse_tag(const std::string& name, const std::string& tag) {
  if (is_repository_name(name))
    refuse("'" + name + ":" + tag + "' is how llama.cpp and Ollama name a file of " + name +
           "; `sanctum models pull " + name + " --include '*" + tag + "*.gguf'` downloads it");
  refuse("'" + name + ":" + tag + "' is a name of Ollama's: `ollama pull " + name + ":" + tag +
         "` fetches it, `sanctum serve ollama:" + name + ":" + tag +
         "` serves what it has; on a hub models are called org/name, such as "
         "mlx-community/Qwen3-4B-4bit");
}

}  // namespace

RepositoryWord read_repository_word(const std::string& text, const std::string& endpoint) {
  const std::string rest = without_hub(text, endpoint);
  if (const std::size_t colon = rest.find(':'); colon != std::string::npos && colon > 0) {
    const std::string before = rest.substr(0, colon), tag = rest.substr(colon + 1);
    if (before == "ollama" || before == "lmstudio")
      refuse("'" + text + "' is what " + (before == "ollama" ? "Ollama" : "LM Studio") +
             " has here, and on no hub: `sanctum serve " + text + "` serves it");
    if (!tag.empty() && tag.find('/') == std::string::npos) refuse_tag(before, tag);
  }
  if (rest.size() != text.size()) return of_address(text, rest);
  if (!is_repository_name(text))
    refuse("'" + text + "' is no org/name, such as mlx-community/Qwen3-4B-4bit" +
           (text.find('/') == std::string::npos && !text.empty()
                ? "; who made it stands before the name"
                : ""));
  return {text};
}

}  // namespace sanctum::hub
