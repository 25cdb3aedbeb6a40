// Reads an output's text as it comes: how a family spells reasoning, content and calls.
//
// Contract: what it puts into the sink, concatenated, does not depend on where the text was cut.
// One owner at a time, no locks.
#pragma once

#include "text/output_sink.h"
#include "text/pending_text.h"

namespace sanctum::text {

class OutputReader {
 public:
  virtual ~OutputReader() = default;
  // Reads some of the text. Whether anything moved; false asks for more text. `at_end`: none comes.
  virtual bool step(PendingText& text, OutputSink& sink, bool at_end) = 0;
  // Behind the last step of an output that has ended, with the text that no step would decide on.
  virtual void end(PendingText& text, OutputSink& sink, Ending ending) = 0;
};

}  // namespace sanctum::text
