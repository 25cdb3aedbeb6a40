// Why an answer ended, as its client is told.
//
// Pure; any thread.
#pragma once

#include "wire/messages.h"

namespace sanctum::engine {

struct AnswerEnd {
  wire::FinishReason of_tokens;  // why no more of them came
  bool failed = false;           // its text could not be made
  bool stop_string = false;      // a client's stop string was met
  int calls = 0;                 // of tools, in the answer
  bool call_cut = false;         // the last of them is half a call
};

wire::FinishReason finish_reason(const AnswerEnd& end);

}  // namespace sanctum::engine
