#include "gateway/history.h"

#include <utility>

#include "gateway/picture.h"

namespace sanctum::gateway {
namespace {

void add(std::string& all, const std::string& text, std::string_view between) {
  if (!text.empty()) all += (all.empty() ? std::string() : std::string(between)) + text;
}

}  // namespace

void History::system(const std::string& text) {
  if (begun_) return user({text, false});
  add(system_, text, "\n\n");
}

void History::user(MessagePart part) {
  end_system();
  end_answer();
  user_.push_back(std::move(part));
}

void History::thought(const std::string& text) {
  end_system();
  end_user();
  answering_ = true;
  thought_ += text;
}

void History::answer(const std::string& text) {
  end_system();
  end_user();
  answering_ = true;
  answer_ += text;
}

void History::call(std::string id, std::string name, std::string arguments) {
  end_system();
  end_user();
  answering_ = true;
  calls_.push_back({std::move(id), std::move(name), std::move(arguments)});
}

void History::result(const std::string& call_id, const std::vector<MessagePart>& parts) {
  end_system();
  end_user();
  end_answer();
  w_.begin_object().field("role", "tool").field("tool_call_id", call_id);
  write_content(w_, parts);
  w_.end_object();
}

void History::picture(std::string bytes, const json::Node& node) {
  add_picture(images_, std::move(bytes), node);
}

ChatMessages History::take() {
  end_system();
  end_user();
  end_answer();
  w_.end_array();
  return {w_.take(), std::move(images_)};
}

void History::end_system() {
  if (std::exchange(begun_, true) || system_.empty()) return;
  w_.begin_object().field("role", "system").field("content", system_).end_object();
}

void History::end_user() {
  if (user_.empty()) return;
  w_.begin_object().field("role", "user");
  write_content(w_, user_);
  w_.end_object();
  user_.clear();
}

void History::end_answer() {
  if (!std::exchange(answering_, false)) return;
  w_.begin_object().field("role", "assistant").field("content", std::exchange(answer_, {}));
  if (!thought_.empty()) w_.field("reasoning_content", std::exchange(thought_, {}));
  if (!calls_.empty()) {
    w_.key("tool_calls").begin_array();
    for (const auto& call : calls_) {
      w_.begin_object().field("id", call.id).field("type", "function").key("function");
      w_.begin_object().field("name", call.name).key("arguments").raw(call.arguments);
      w_.end_object().end_object();
    }
    w_.end_array();
    calls_.clear();
  }
  w_.end_object();
}

}  // namespace sanctum::gateway
