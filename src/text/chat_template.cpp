#include "text/chat_template.h"

#include <filesystem>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "text/model_files.h"

namespace sanctum::text {
namespace {

// Set by render() itself.
constexpr std::string_view kLoneQuestion = R"([{"role":"user","content":"Hello"}])";
constexpr std::string_view kReserved[] = {"messages", "tools", "add_generation_prompt"};

struct Source {
  std::string text;
  std::string file;  // for messages
};

struct Sources {
  std::optional<Source> standard;
  std::optional<Source> tool_use;
};

void read_templates(const json::Node& node, const std::string& file, Sources& into) {
  if (node.is_null()) return;
  if (!node.is_array()) {
    into.standard = Source{node.as_string(), file};
    return;
  }
  for (const json::Node& entry : node.as_array()) {
    const std::string name = entry.at("name").as_string();
    Source source{entry.at("template").as_string(), file};
    if (name == "tool_use")
      into.tool_use = std::move(source);
    else if (name == "default")
      into.standard = std::move(source);
  }
}

Sources read_sources(const std::string& directory) {
  Sources sources;
  const std::string jinja = directory + "/chat_template.jinja";
  if (std::optional<std::string> text = read_file_if_there(jinja, kTemplateBytesMax)) {
    sources.standard = Source{std::move(*text), jinja};
    return sources;
  }
  for (const char* name : {"/chat_template.json", "/tokenizer_config.json"}) {
    const std::string file = directory + name;
    read_json_object(file, [&](const json::Node& root) {
      if (root.has("chat_template")) read_templates(root.at("chat_template"), file, sources);
    });
    if (sources.standard || sources.tool_use) break;
  }
  return sources;
}

// {"bos_token": "<s>", ...}: every special token that tokenizer_config.json names.
std::string read_variables(const std::string& directory) {
  json::Writer writer;
  writer.begin_object();
  const auto add = [&](const std::string& name, const json::Node& node) {
    if (const std::optional<std::string> text = token_text(node)) writer.field(name, *text);
  };
  read_json_object(directory + "/tokenizer_config.json", [&](const json::Node& root) {
    for (const auto& [name, node] : root.members()) {
      if (name.ends_with("_token")) add(name, node);
    }
    if (!root.has("extra_special_tokens") || !root.at("extra_special_tokens").is_object()) return;
    for (const auto& [name, node] : root.at("extra_special_tokens").members()) {
      if (!root.has(name)) add(name, node);
    }
  });
  writer.end_object();
  return writer.take();
}

void check(std::string_view json, const char* field, bool array) {
  const json::Document document(json, field);
  const json::Node root = document.root();
  if (array ? !root.is_array() : !root.is_object()) {
    root.fail(array ? "expected an array" : "expected an object");
  }
  if (array) return;
  for (const std::string_view name : kReserved) {
    if (root.has(name)) root.at(name).fail("this variable is set by the server");
  }
}

}  // namespace

struct ChatTemplate::State {
  std::optional<Source> standard;
  std::optional<Source> tool_use;
  std::string variables;
  std::string directory;
  std::shared_ptr<TemplateRenderer> renderer;
};

ChatTemplate::ChatTemplate(std::unique_ptr<State> state) : state_(std::move(state)) {}
ChatTemplate::~ChatTemplate() = default;

std::shared_ptr<const ChatTemplate> ChatTemplate::load(const std::string& directory,
                                                       std::shared_ptr<TemplateRenderer> renderer) {
  auto state = std::make_unique<State>();
  Sources sources = read_sources(directory);
  state->standard = std::move(sources.standard);
  state->tool_use = std::move(sources.tool_use);
  state->variables = read_variables(directory);
  state->directory = directory;
  state->renderer = std::move(renderer);
  return std::shared_ptr<const ChatTemplate>(new ChatTemplate(std::move(state)));
}

std::string ChatTemplate::render(std::string_view messages_json, std::string_view tools_json,
                                 std::string_view options_json, bool add_generation_prompt) const {
  const bool with_tools = !tools_json.empty();
  const std::optional<Source>& chosen =
      state_->tool_use && (with_tools || !state_->standard) ? state_->tool_use : state_->standard;
  if (!chosen) {
    throw Error(ErrorCode::kInvalid,
                "this model has no chat template (" + state_->directory +
                    "): send its prompt to /v1/completions instead",
                "messages");
  }
  check(messages_json, "messages", true);
  if (with_tools) check(tools_json, "tools", true);
  if (options_json.empty()) options_json = "{}";
  check(options_json, "chat_template_kwargs", false);
  try {
    return state_->renderer->render({chosen->text, messages_json,
                                     with_tools ? tools_json : std::string_view("null"),
                                     state_->variables, options_json, add_generation_prompt});
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCorrupt) throw;
    throw Error(ErrorCode::kInvalid, chosen->file + ": " + error.what(), "messages");
  }
}

std::string ChatTemplate::no_chat() const {
  const std::optional<Source>& chosen = state_->standard ? state_->standard : state_->tool_use;
  if (!chosen) return "it has no chat template";
  const std::string which =
      "its chat template (" + std::filesystem::path(chosen->file).filename().string() + ")";
  try {
    state_->renderer->render({chosen->text, kLoneQuestion, "null", state_->variables, "{}", true});
    return {};
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kCorrupt)
      return which + " does not parse: " + std::string(error.what());
    if (error.code() == ErrorCode::kInvalid)
      return which + " cannot render a question: " + std::string(error.what());
    return {};
  }
}

const std::string& ChatTemplate::source() const {
  static const std::string kNone;
  if (state_->tool_use) return state_->tool_use->text;
  return state_->standard ? state_->standard->text : kNone;
}

}  // namespace sanctum::text
