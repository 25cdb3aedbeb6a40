#include "probes/battery.h"

#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "base/json.h"
#include "client/printable.h"

namespace sanctum::probes {
namespace {

constexpr std::size_t kShownCharactersMax = 100;

Question decode_question(const json::Node& node) {
  node.only({"name", "kind", "messages", "tools", "max_tokens", "expect"});
  Question question;
  question.name = node.at("name").as_string();
  question.kind = node.at("kind").as_string();
  if (question.kind != "text" && question.kind != "vision" && question.kind != "tool") {
    node.at("kind").fail("must be text, vision or tool");
  }
  if (!node.at("messages").is_array()) node.at("messages").fail("must be an array");
  question.messages_json = node.at("messages").dump();
  if (const auto tools = node.get("tools")) question.tools_json = tools->dump();
  if (const auto limit = node.get("max_tokens")) {
    question.max_tokens = limit->as_int(1, kAnswerTokensMax);
  }
  question.expectation = decode_expectation(node.at("expect"));
  return question;
}

}  // namespace

std::vector<Question> decode_battery(std::string_view json) {
  const json::Document document(json, "battery");
  std::vector<Question> questions;
  for (const auto& node : document.root().as_array(kQuestionsMax)) {
    questions.push_back(decode_question(node));
  }
  if (questions.empty()) document.root().fail("must hold at least one question");
  return questions;
}

std::string skipped_because(const Question& question, const client::ModelAbilities& abilities) {
  if (!abilities.no_chat.empty()) return "this model answers no chats: " + abilities.no_chat;
  if (question.kind == "vision" && !abilities.vision.value_or(true))
    return "this model sees no pictures";
  if (question.kind == "tool" && !abilities.tools.value_or(true))
    return "this model knows of no tools";
  return {};
}

std::vector<Mark> run_battery(const std::vector<Question>& questions, client::ChatClient& client,
                              const std::string& model,
                              const std::function<void(const Mark&)>& on_mark) {
  std::vector<Mark> marks;
  for (const auto& question : questions) {
    const auto answer = client.chat({.model = model,
                                     .messages_json = question.messages_json,
                                     .tools_json = question.tools_json,
                                     .max_tokens = question.max_tokens,
                                     .temperature = 0.0});
    Mark mark;
    mark.name = question.name;
    mark.kind = question.kind;
    mark.right = met(question.expectation, answer);
    mark.expected = described(question.expectation);
    mark.came = described(answer);
    mark.took_us = microseconds_between(answer.sent, answer.ended);
    if (on_mark) on_mark(mark);
    marks.push_back(std::move(mark));
  }
  return marks;
}

std::size_t right_count(const std::vector<Mark>& marks) {
  return static_cast<std::size_t>(
      std::count_if(marks.begin(), marks.end(), [](const Mark& mark) { return mark.right; }));
}

std::string mark_line(const Mark& mark) {
  char start[160];
  std::snprintf(start, sizeof start, "%-4s %-6s %-22s %7.0f ms  ", mark.right ? "OK" : "FAIL",
                mark.kind.c_str(), mark.name.substr(0, 60).c_str(),
                static_cast<double>(mark.took_us) / 1e3);
  return start + ("expected: " + client::printable_line(mark.expected, kShownCharactersMax)) +
         "; came: " + client::printable_line(mark.came, kShownCharactersMax);
}

std::string marks_json(const std::string& model, const std::vector<Mark>& marks) {
  json::Writer w;
  w.begin_object().field("model", model);
  w.field("right", static_cast<std::uint64_t>(right_count(marks)));
  w.field("of", static_cast<std::uint64_t>(marks.size())).key("marks").begin_array();
  for (const auto& mark : marks) {
    w.begin_object().field("name", mark.name).field("kind", mark.kind).field("right", mark.right);
    w.field("expected", mark.expected).field("came", mark.came).field("took_us", mark.took_us);
    w.end_object();
  }
  w.end_array().end_object();
  return w.take();
}

}  // namespace sanctum::probes
