// Any texts as a model's tokenizer.json, tokenizer_config.json, generation_config.json, config.json
// and chat_template.json: a tokenizer, a template and a maker's choices, or an Error. What is
// decoded comes in whole characters. Templates are chosen and not rendered: that is for a process
// that may end.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/invariant.h"
#include "fuzz/model_directory.h"
#include "fuzz/refused.h"
#include "text/chat_template.h"
#include "text/detokenizer.h"
#include "text/model_files.h"
#include "text/output_format.h"
#include "text/tokenizer.h"
#include "text/utf8_stream.h"
#include "wire/sampling.h"

namespace {

using namespace sanctum;

constexpr std::string_view kText =
    " The 3 foxes\n\tdidn't jump: 你好 \xF0\x9F\x99\x82 e\xCC\x81 <s>";
constexpr int kIdsMax = 4096;  // decoded one by one

void expect_whole(std::string text) {
  text::take_characters(text, false);
  SANCTUM_INVARIANT(text.empty(), "pieces are whole characters");
}

void use(const std::shared_ptr<const text::Tokenizer>& tokenizer) {
  const std::vector<int> ids = tokenizer->encode(kText, true);
  expect_whole(tokenizer->decode(ids, true));
  text::Detokenizer detokenizer(tokenizer, {"<tool_call>"});
  for (const int id : ids) expect_whole(detokenizer.push(id));
  for (int id = -1; id <= std::min(tokenizer->vocabulary(), kIdsMax); ++id)
    expect_whole(detokenizer.push(id));
  expect_whole(detokenizer.finish());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ModelDirectory directory({"tokenizer.json", "tokenizer_config.json",
                                         "generation_config.json", "config.json",
                                         "chat_template.json"});
  directory.fill({reinterpret_cast<const char*>(data), size});
  refused([] { use(text::Tokenizer::load(directory.path())); });
  refused([] {
    const auto chat = text::ChatTemplate::load(directory.path(), nullptr);
    const std::string& source = chat->source();
    text::row_of(text::detect_format(source));
    text::detect_reasoning(source);
    text::knows_tools(source);
  });
  refused([] {
    text::read_json_object(directory.path() + "/generation_config.json",
                           [](const json::Node& root) { wire::read_choice(root); });
  });
  return 0;
}
