#include "gateway/codex_models.h"

namespace sanctum::gateway {
namespace {

constexpr int kToolOutputBytesMax = 10'000;  // that Codex hands back; as it does for its own
constexpr int kContextPercent = 95;          // of it that an input may take

// Codex says these instead of its own, which are written for larger models and longer contexts.
constexpr std::string_view kInstructions =
    "You are a coding agent that works in a terminal, on the user's computer, in the user's "
    "repository.\n"
    "- Do what was asked, all of it, and nothing else. Look before you change anything: list and "
    "read the files that matter.\n"
    "- Use the tools to read, to change and to run things. Never claim to have done what no tool "
    "did.\n"
    "- Keep changes small and in the style of the files around them. Mend causes, not signs.\n"
    "- After a change, run what shows that it works, if there is such a thing.\n"
    "- Leave alone what others changed. Commit nothing unless you were asked to.\n"
    "- When you are done, say in a few sentences what you did and what is left.\n";

}  // namespace

void write_codex_model(json::Writer& w, const wire::ModelInfo& model, int taken_for, int priority) {
  w.begin_object().field("slug", model.model).field("display_name", model.model);
  w.field("description", model.architecture + ", served here");
  w.key("supported_reasoning_levels").begin_array().end_array();
  w.field("shell_type", "shell_command").field("visibility", "list");
  w.field("supported_in_api", true).field("priority", priority).key("upgrade").null();
  w.field("base_instructions", kInstructions);
  w.field("supports_reasoning_summaries", false).field("support_verbosity", false);
  w.key("default_verbosity").null().field("apply_patch_tool_type", "function");
  w.key("availability_nux").null();
  w.key("truncation_policy").begin_object().field("mode", "bytes");
  w.field("limit", kToolOutputBytesMax).end_object();
  w.field("supports_parallel_tool_calls", model.tools);
  w.field("context_window", taken_for > 0 ? taken_for : model.context_tokens);
  w.field("effective_context_window_percent", kContextPercent);
  w.key("experimental_supported_tools").begin_array().end_array();
  w.key("input_modalities").begin_array().value("text");
  if (model.vision) w.value("image");
  w.end_array().end_object();
}

}  // namespace sanctum::gateway
