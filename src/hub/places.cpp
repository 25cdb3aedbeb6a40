#include "hub/places.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"

namespace sanctum::hub {
namespace {

constexpr const char* kEndpoint = "https://huggingface.co";
constexpr std::uint64_t kTokenBytesMax = 16 * 1024;

bool is_word_letter(unsigned char c) {
  return std::isalnum(c) || c == '_';
}

// $NAME and ${NAME}; what is not set stays as it stands, as Python's expandvars has it.
std::string with_variables(const std::string& text, const Environment& environment) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '$') {
      out += text[at++];
      continue;
    }
    const bool braces = at + 1 < text.size() && text[at + 1] == '{';
    const std::size_t begin = at + (braces ? 2 : 1);
    std::size_t end = begin;
    while (end < text.size() && is_word_letter(static_cast<unsigned char>(text[end]))) ++end;
    const bool whole = end > begin && (!braces || (end < text.size() && text[end] == '}'));
    const std::size_t next = end + (braces && whole ? 1 : 0);
    const auto value = whole ? environment(text.substr(begin, end - begin).c_str()) : std::nullopt;
    out += value ? *value : text.substr(at, next - at);
    at = next;
  }
  return out;
}

std::string resolved(const std::string& text, const Environment& environment) {
  const auto home = environment("HOME");
  const bool of_home = text == "~" || text.rfind("~/", 0) == 0;
  return with_variables(of_home && home ? *home + text.substr(1) : text, environment);
}

// HF_HOME; empty where there is no home.
std::string hugging_face_home(const Environment& environment) {
  if (const auto told = environment("HF_HOME")) return resolved(*told, environment);
  if (const auto caches = environment("XDG_CACHE_HOME"))
    return resolved(*caches + "/huggingface", environment);
  const auto home = environment("HOME");
  return home ? *home + "/.cache/huggingface" : std::string();
}

std::string trimmed(const std::string& text) {
  const auto is_space = [](unsigned char c) { return std::isspace(c) != 0; };
  const auto begin = std::find_if_not(text.begin(), text.end(), is_space);
  const auto end = std::find_if_not(text.rbegin(), text.rend(), is_space).base();
  return begin < end ? std::string(begin, end) : std::string();
}

// It becomes part of a header.
std::string checked_token(const std::string& text, const std::string& from) {
  std::string word = trimmed(text);
  if (std::any_of(word.begin(), word.end(), [](unsigned char c) { return c <= ' ' || c >= 127; }))
    throw Error(ErrorCode::kInvalid, from + " holds no token: a token is one word", "HF_TOKEN");
  return word;
}

}  // namespace

std::optional<std::string> process_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

std::string cache_directory(const Environment& environment) {
  for (const char* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"})
    if (const auto told = environment(name)) return resolved(*told, environment);
  const std::string home = hugging_face_home(environment);
  return home.empty() ? home : home + "/hub";
}

std::string token(const Environment& environment) {
  for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"})
    if (const auto told = environment(name)) return checked_token(*told, name);
  const auto told = environment("HF_TOKEN_PATH");
  const std::string home = hugging_face_home(environment);
  const std::string path = told           ? resolved(*told, environment)
                           : home.empty() ? std::string()
                                          : home + "/token";
  if (path.empty()) return {};
  const auto text = read_file_if_there(path, kTokenBytesMax);
  return text ? checked_token(*text, path) : std::string();
}

std::string endpoint(const std::string& told, const Environment& environment) {
  std::string url = !told.empty() ? told : environment("HF_ENDPOINT").value_or(kEndpoint);
  while (!url.empty() && url.back() == '/') url.pop_back();
  const bool known = url.rfind("http://", 0) == 0 || url.rfind("https://", 0) == 0;
  const std::size_t host = url.find("://") + 3;
  const bool plain = std::none_of(url.begin(), url.end(), [](unsigned char c) {
    return c <= ' ' || c >= 127 || c == '?' || c == '#' || c == '@';
  });
  if (!known || !plain || host >= url.size() || url[host] == '/')
    throw Error(ErrorCode::kInvalid,
                std::string(told.empty() ? "HF_ENDPOINT" : "--hub") +
                    " is no address of a hub; it is like https://huggingface.co",
                "hub");
  return url;
}

}  // namespace sanctum::hub
