// Reads gpt-oss's output: messages, each with a header that names its channel and its recipient.
//   <|channel|>analysis<|message|>...<|end|><|start|>assistant<|channel|>final<|message|>...<|return|>
//   <|start|>assistant<|channel|>commentary to=functions.name
//   <|constrain|>json<|message|>{...}<|call|>
//
// A message to a function is a call, in whatever channel, and its arguments are its text, verbatim.
// A function is what is named as one (functions.name) or was offered, and anybody but a role who is
// told a JSON object: repo_browser.open_file, which the model knows from elsewhere. Else what was
// said in `analysis` is reasoning, and all the rest is content: a preamble in `commentary`,
// `final`, and what was said to others, such as Python's code. Two messages of a kind have a line
// break between them. Markers and headers are never content; text without a header is. Once a
// marker came as a control mark, one that is spelled is text.
#pragma once

#include <memory>

#include "text/marked_reader.h"
#include "text/output_reader.h"

namespace sanctum::text {

inline constexpr std::size_t kHeaderBytesMax = 512;  // of a message; a longer one is content

std::unique_ptr<OutputReader> harmony_reader(MarkedOptions options);

}  // namespace sanctum::text
