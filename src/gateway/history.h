// A conversation as it is told piece by piece, brought into the messages that chat templates
// expect.
//
// What the system says first is the first message; what it says later is a part of the user's
// message beside it, because templates take it only at the beginning. Pieces of one role that
// follow each other are one message: texts, pictures; an answer's thought, text and calls. Results
// of tools are messages of their own. Thread rule: one owner.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "gateway/message_parts.h"

namespace sanctum::gateway {

class History {
 public:
  History() { w_.begin_array(); }

  void system(const std::string& text);
  void user(MessagePart part);
  void thought(const std::string& text);
  void answer(const std::string& text);
  // `arguments`: JSON, an object or a text that is none.
  void call(std::string id, std::string name, std::string arguments);
  void result(const std::string& call_id, const std::vector<MessagePart>& parts);
  // Once for each part that is a picture, in their order: its bytes. Throws Error(kInvalid) about
  // `node` for one more than may be.
  void picture(std::string bytes, const json::Node& node);

  ChatMessages take();

 private:
  struct Call {
    std::string id, name, arguments;
  };
  void end_system();
  void end_user();
  void end_answer();

  json::Writer w_;
  std::vector<std::string> images_;
  bool begun_ = false;  // something was said by others than the system
  std::string system_;  // what it said first
  std::vector<MessagePart> user_;
  bool answering_ = false;
  std::string thought_, answer_;
  std::vector<Call> calls_;
};

}  // namespace sanctum::gateway
