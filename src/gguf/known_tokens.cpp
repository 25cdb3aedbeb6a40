#include "gguf/known_tokens.h"

#include <algorithm>
#include <iterator>

namespace sanctum::gguf {
namespace {

// Behind those of padding, repositories and files a gap that is filled in is at its end.
constexpr std::string_view kEnds[] = {"<|eot_id|>",
                                      "<|im_end|>",
                                      "<|end|>",
                                      "<|return|>",
                                      "<|call|>",
                                      "<|flush|>",
                                      "<|calls|>",
                                      "<end_of_turn>",
                                      "<|endoftext|>",
                                      "<|eom_id|>",
                                      "<EOT>",
                                      "_<EOT>",
                                      "[EOT]",
                                      "[EOS]",
                                      "<|end_of_text|>",
                                      "<end_of_utterance>",
                                      "<eos>",
                                      "<turn|>",
                                      "<|tool_response>",
                                      "<｜end▁of▁sentence｜>",
                                      "[e~[",
                                      "<|fim_pad|>",
                                      "<fim-pad>",
                                      "<fim_pad>",
                                      "<PAD>",
                                      "[PAD]",
                                      "<|fim_repo|>",
                                      "<|repo_name|>",
                                      "<fim-repo>",
                                      "<REPO>",
                                      "<reponame>",
                                      "<|file_sep|>"};

constexpr std::string_view kOthers[] = {"<|im_start|>",
                                        "<start_of_turn>",
                                        "<|turn>",
                                        "<|begin_of_text|>",
                                        "<|start_header_id|>",
                                        "<|end_header_id|>",
                                        "<|startoftext|>",
                                        "<|start|>",
                                        "<|channel|>",
                                        "<|constrain|>",
                                        "<|message|>",
                                        "<｜begin▁of▁sentence｜>",
                                        "<|fim_prefix|>",
                                        "<fim-prefix>",
                                        "<fim_prefix>",
                                        "<｜fim▁begin｜>",
                                        "<PRE>",
                                        "▁<PRE>",
                                        "<|code_prefix|>",
                                        "<|prefix|>",
                                        "<|fim_suffix|>",
                                        "<fim-suffix>",
                                        "<fim_suffix>",
                                        "<｜fim▁hole｜>",
                                        "<SUF>",
                                        "▁<SUF>",
                                        "<|code_suffix|>",
                                        "<|suffix|>",
                                        "<|fim_middle|>",
                                        "<fim-middle>",
                                        "<fim_middle>",
                                        "<｜fim▁end｜>",
                                        "<MID>",
                                        "▁<MID>",
                                        "<|code_middle|>",
                                        "<|middle|>"};

}  // namespace

bool ends_answer_by_name(std::string_view token) {
  return std::find(std::begin(kEnds), std::end(kEnds), token) != std::end(kEnds);
}

bool is_control_by_name(std::string_view token) {
  return ends_answer_by_name(token) ||
         std::find(std::begin(kOthers), std::end(kOthers), token) != std::end(kOthers);
}

}  // namespace sanctum::gguf
