// Drives this folder from a shell or from another language's tests: sanctum-text-probe DIRECTORY
// reads one JSON request a line and answers each with one line, {"result": ...} or
// {"error": "...", "field": "..."}.
//   {"op":"encode","text":"...","add_special":true}       -> [ids]
//   {"op":"decode","ids":[...],"skip_special":true}       -> "text"
//   {"op":"detokenize","ids":[...]}                       -> ["piece", ...], the last of finish()
//   {"op":"render","messages":[...],"tools":[...],"options":{...},"add_generation_prompt":true}
//   {"op":"end_ids"}                                      -> [ids]
//   {"op":"format"}                                       ->
//   {"format":n,"reasons":true,"tools":true}
//   {"op":"parse","pieces":["..."],"prompt":"...","tools":[...]}  -> content, reasoning, calls, cut
//   {"op":"grammar","source":"Lark","texts":["..."]}      -> {"whole":[true,
//   ...],"not_enforced":[]}
#include <iostream>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "text/chat_template.h"
#include "text/detokenizer.h"
#include "text/grammar.h"
#include "text/output_parser.h"
#include "text/tokenizer.h"

namespace sanctum::text {
namespace {

struct Model {
  std::shared_ptr<const Tokenizer> tokenizer;
  std::shared_ptr<const ChatTemplate> chat_template;
  std::shared_ptr<const GrammarVocabulary> vocabulary = {};  // once it is asked for
};

std::vector<int> ids_of(const json::Node& node) {
  std::vector<int> ids;
  for (const json::Node& id : node.as_array()) {
    ids.push_back(static_cast<int>(id.as_int(-1, 1 << 30)));
  }
  return ids;
}

void write(json::Writer& writer, const std::vector<int>& ids) {
  writer.begin_array();
  for (const int id : ids) writer.value(id);
  writer.end_array();
}

std::string dump(const json::Node& request, const char* key) {
  const std::optional<json::Node> node = request.get(key);
  return node ? node->dump() : std::string();
}

// What a client would get of an output that came in these pieces.
void parse(const Model& model, const json::Node& request, json::Writer& writer) {
  const std::string& source = model.chat_template->source();
  OutputParser parser({.format = detect_format(source),
                       .tool_calls = request.has("tools"),
                       .reasoning = detect_reasoning(source),
                       .starts_in_reasoning = opens_reasoning(request.as_string_or("prompt", "")),
                       .id_seed = "probe",
                       .tools = OfferedTools(dump(request, "tools"))});
  std::string content, reasoning;
  std::vector<ToolCallDelta> calls;
  const auto add = [&](const OutputParser::Event& event) {
    content += event.content;
    reasoning += event.reasoning;
    for (const ToolCallDelta& delta : event.tool_calls) {
      if (!delta.id.empty()) calls.push_back({delta.index, delta.id, delta.name, {}});
      calls.back().arguments += delta.arguments;
    }
  };
  for (const json::Node& piece : request.at("pieces").as_array())
    add(parser.push(piece.as_string()));
  add(parser.finish());
  writer.begin_object().field("content", content).field("reasoning", reasoning);
  writer.field("cut", parser.cut()).key("calls").begin_array();
  for (const ToolCallDelta& call : calls) {
    writer.begin_object().field("name", call.name).field("arguments", call.arguments).end_object();
  }
  writer.end_array().end_object();
}

// Whether each text is what a grammar wants, from its first token to its last.
void judge(Model& model, const json::Node& request, json::Writer& writer) {
  if (!model.vocabulary)
    model.vocabulary = std::make_shared<GrammarVocabulary>(
        *model.tokenizer, model.tokenizer->end_ids(), model.tokenizer->vocabulary());
  const auto grammar = model.vocabulary->compile(request.at("source").as_string());
  writer.begin_object().key("whole").begin_array();
  for (const json::Node& text : request.at("texts").as_array()) {
    const std::vector<int> ids = model.tokenizer->encode(text.as_string(), false);
    const auto state = grammar->begin();
    writer.value(state->take(ids) == ids.size() && state->may_end());
  }
  writer.end_array().key("not_enforced").begin_array();
  for (const std::string& what : grammar->not_enforced()) writer.value(what);
  writer.end_array().end_object();
}

void answer(Model& model, const json::Node& request, json::Writer& writer) {
  const std::string op = request.at("op").as_string();
  if (op == "encode") {
    write(writer, model.tokenizer->encode(request.at("text").as_string(),
                                          request.as_bool_or("add_special", false)));
  } else if (op == "decode") {
    writer.value(model.tokenizer->decode(ids_of(request.at("ids")),
                                         request.as_bool_or("skip_special", false)));
  } else if (op == "detokenize") {
    Detokenizer detokenizer(model.tokenizer);
    writer.begin_array();
    for (const int id : ids_of(request.at("ids"))) writer.value(detokenizer.push(id));
    writer.value(detokenizer.finish());
    writer.end_array();
  } else if (op == "render") {
    writer.value(model.chat_template->render(dump(request, "messages"), dump(request, "tools"),
                                             dump(request, "options"),
                                             request.as_bool_or("add_generation_prompt", false)));
  } else if (op == "parse") {
    parse(model, request, writer);
  } else if (op == "grammar") {
    judge(model, request, writer);
  } else if (op == "format") {
    const std::string& source = model.chat_template->source();
    writer.begin_object().field("format", static_cast<int>(detect_format(source)));
    writer.field("reasons", detect_reasoning(source)).field("tools", knows_tools(source));
    writer.end_object();
  } else if (op == "end_ids") {
    write(writer, model.tokenizer->end_ids());
  } else {
    request.at("op").fail("unknown operation");
  }
}

std::string answer_line(Model& model, const std::string& line) {
  try {
    const json::Document document(line);
    json::Writer writer;
    writer.begin_object().key("result");
    answer(model, document.root(), writer);
    writer.end_object();
    return writer.take();
  } catch (const Error& error) {
    json::Writer writer;
    writer.begin_object().field("error", error.what()).field("field", error.field());
    writer.end_object();
    return writer.take();
  }
}

int run(const std::string& directory) {
  Model model;
  try {
    model = {Tokenizer::load(directory), ChatTemplate::load(directory)};
  } catch (const Error& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << answer_line(model, line) << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace sanctum::text

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: sanctum-text-probe DIRECTORY < requests\n";
    return 2;
  }
  return sanctum::text::run(argv[1]);
}
