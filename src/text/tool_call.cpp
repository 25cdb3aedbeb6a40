#include "text/tool_call.h"

#include <cstdint>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "text/json_scanner.h"

namespace sanctum::text {
namespace {

constexpr std::string_view kArgs = "[ARGS]";
constexpr std::string_view kCallId = "[CALL_ID]";
constexpr std::size_t kMistralIdChars = 9;
constexpr std::size_t kIdChars = 24;

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

// An object is its own text; a string may hold one (some models quote their arguments).
std::optional<std::string> arguments_text(const json::Node& node, std::string_view raw) {
  if (node.is_object()) return std::string(raw);
  if (node.is_null()) return "{}";
  if (!node.is_string()) return std::nullopt;
  std::string inner = node.as_string();
  const json::Document document(inner);
  if (!document.root().is_object()) return std::nullopt;
  return inner;
}

std::optional<ToolCall> read_call(const json::Node& node, std::string_view raw, bool marked) {
  if (!node.is_object()) return std::nullopt;
  const auto members = node.members();
  const std::vector<std::string_view> values = json_children(raw);
  if (members.size() != values.size()) return std::nullopt;
  ToolCall call;
  std::optional<std::string> arguments;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto& [key, value] = members[i];
    if (key == "function" && value.is_object()) return read_call(value, values[i], marked);
    if (key == "name" && value.is_string()) call.name = value.as_string();
    if (key == "arguments" || key == "parameters") {
      arguments = arguments_text(value, values[i]);
      if (!arguments) return std::nullopt;
    }
  }
  if (call.name.empty() || (!arguments && !marked)) return std::nullopt;
  call.arguments = arguments.value_or("{}");
  return call;
}

// name[CALL_ID]id[ARGS]{...}
std::optional<ToolCall> read_named(std::string_view body) {
  const std::size_t brace = body.find('{');
  if (brace == std::string_view::npos) return std::nullopt;
  std::string_view name = trimmed(body.substr(0, brace));
  if (name.ends_with(kArgs)) name.remove_suffix(kArgs.size());
  name = trimmed(name.substr(0, name.find(kCallId)));
  if (name.empty() || name.find_first_of("[] \t\r\n") != std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view arguments = trimmed(body.substr(brace));
  if (!json::Document(arguments).root().is_object()) return std::nullopt;
  return ToolCall{std::string(name), std::string(arguments)};
}

std::uint64_t mixed(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ull;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

}  // namespace

std::optional<std::vector<ToolCall>> read_tool_calls(OutputFormat format, std::string_view body,
                                                     bool marked) {
  body = trimmed(body);
  std::vector<ToolCall> calls;
  const auto add = [&](std::optional<ToolCall> call) {
    if (call) calls.push_back(std::move(*call));
    return call.has_value();
  };
  try {
    if (format == OutputFormat::kMistral && !body.starts_with('[')) {
      if (!add(read_named(body))) return std::nullopt;
      return calls;
    }
    const json::Document document(body);
    const json::Node root = document.root();
    if (!root.is_array()) {
      if (!add(read_call(root, body, marked))) return std::nullopt;
      return calls;
    }
    const std::vector<json::Node> elements = root.as_array();
    const std::vector<std::string_view> raw = json_children(body);
    if (elements.size() != raw.size() || elements.empty()) return std::nullopt;
    for (std::size_t i = 0; i < elements.size(); ++i) {
      if (!add(read_call(elements[i], raw[i], marked))) return std::nullopt;
    }
    return calls;
  } catch (const Error&) {
    return std::nullopt;  // valid JSON that we refuse, such as duplicate keys
  }
}

std::string tool_call_id(OutputFormat format, std::string_view seed, int index) {
  constexpr std::string_view kAlphabet =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::uint64_t hash = 0xcbf29ce484222325ull;  // FNV-1a
  for (const char c : seed) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ull;
  }
  hash = mixed(hash + 0x9e3779b97f4a7c15ull * static_cast<std::uint64_t>(index + 1));
  const bool mistral = format == OutputFormat::kMistral;
  std::string id = mistral ? "" : "call_";
  const std::size_t size = id.size() + (mistral ? kMistralIdChars : kIdChars);
  while (id.size() < size) {
    id += kAlphabet[hash % kAlphabet.size()];
    hash = mixed(hash + 0x9e3779b97f4a7c15ull);
  }
  return id;
}

}  // namespace sanctum::text
