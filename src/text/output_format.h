// The formats in which model families write reasoning and tool calls, and which of them a chat
// template asks for.
//
// To add one: a file format_x.cpp with its row, a line in rows() (output_format.cpp), and where its
// calls are spelled like no other's a CallReader. Immutable; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/call_reader.h"
#include "text/call_rules.h"
#include "text/tool_call_id.h"

namespace sanctum::text {

enum class OutputFormat {
  kPlain,    // no tool calls
  kHermes,   // <tool_call>{"name": ..., "arguments": {...}}</tool_call>   (Qwen2.5, Qwen3, Hermes)
  kLlama3,   // {"name": ..., "parameters": {...}}, perhaps after <|python_tag|>
  kMistral,  // [TOOL_CALLS][{"name": ..., "arguments": {...}}] or [TOOL_CALLS]name[ARGS]{...}
  kXml,      // <tool_call><function=name><parameter=key>value</parameter></function></tool_call>
             // (Qwen3-Coder, Qwen3.5 to 3.8)
  kGemma4,   // <|tool_call>call:name{key:<|"|>text<|"|>}<tool_call|>
  kHarmony,  // <|channel|>commentary to=functions.name<|message|>{...}<|call|>   (gpt-oss)
};

struct ReasoningMarks {
  std::string_view opening;
  std::string_view closing;  // empty: not by this alone
  bool anywhere = false;     // or at the start of the output only
};

// What is particular about a format.
struct FormatRow {
  OutputFormat format = OutputFormat::kPlain;
  // Whether a chat template asks for it. The first row that says so is taken.
  bool (*asked_for)(std::string_view template_source) = nullptr;
  std::vector<std::string_view> openings = {};  // of a call
  std::vector<std::string_view> closings = {};  // of a call; no text wherever they stand
  std::vector<ReasoningMarks> reasoning = {{"<think>", "</think>"}};
  // How a thought that has to end ends; empty: "\n", its closing mark, "\n\n".
  std::string_view thought_end = {};
  std::string_view thought_closing = {};  // where its marks have none
  // What other messages begin with, too, of the mark that opens one.
  std::string_view thought_opening_shared = {};
  // Tokens that the parser has to see; both together kControlMarksMax at most.
  std::vector<std::string> call_tokens = {};
  std::vector<std::string> reasoning_tokens = {"<think>", "</think>"};
  // A reader for what stands behind an opening; an empty one is a { without a marker.
  std::unique_ptr<CallReader> (*reader)(const OfferedTools& tools,
                                        std::string_view opening) = nullptr;
  bool bare = false;  // a { at the start of the content may be a call
  // In Lark the rule `calls` and what it needs, and where text may stand before them `opened`, all
  // of `calls` behind the first of `openings`; null: calls of this format are not bound.
  std::string (*call_rules)(const CallRules& rules) = nullptr;
  CallIds ids = CallIds::kLong;
};

const FormatRow& plain_format();
const FormatRow& hermes_format();
const FormatRow& llama3_format();
const FormatRow& mistral_format();
const FormatRow& xml_format();
const FormatRow& gemma4_format();
const FormatRow& harmony_format();

const FormatRow& row_of(OutputFormat format);

// Which format a chat template (ChatTemplate::source()) asks its model for.
OutputFormat detect_format(std::string_view template_source);
// Whether a chat template knows reasoning, in any of the formats.
bool detect_reasoning(std::string_view template_source);
// Whether a chat template's code looks at `tools`.
bool knows_tools(std::string_view template_source);
// Whether a rendered prompt ends inside a block of reasoning, so that the output begins in one.
bool opens_reasoning(std::string_view prompt);
// Whether it ends behind one that it has closed itself, so that the output has none.
bool closes_reasoning(std::string_view prompt);
// Tokens that a parser so made must see, special ones too, of which it sees control marks
// (control_marks.h): pass them to the Detokenizer and to the parser.
std::vector<std::string> marker_tokens(OutputFormat format, bool parse_tool_calls,
                                       bool parse_reasoning);

}  // namespace sanctum::text
