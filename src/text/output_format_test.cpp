#include "text/output_format.h"

#include <gtest/gtest.h>

#include "text/control_marks.h"

namespace sanctum::text {
namespace {

TEST(OutputFormat, IsRecognizedByTheTemplate) {
  EXPECT_EQ(detect_format("{{ '<tool_call>' }}"), OutputFormat::kHermes);
  EXPECT_EQ(detect_format("<tool_call><function=f>"), OutputFormat::kPlain);
  EXPECT_EQ(detect_format("[TOOL_CALLS] [/INST]"), OutputFormat::kMistral);
  EXPECT_EQ(detect_format("<|start_header_id|> {\"name\", \"parameters\"}"), OutputFormat::kLlama3);
  EXPECT_EQ(detect_format("<|start_header_id|>"), OutputFormat::kPlain);
  EXPECT_EQ(detect_format("<|start_header_id|> <function={\"parameters\"}"), OutputFormat::kPlain);
  EXPECT_EQ(detect_format("<tool_call>\n<function=f>\n<parameter=p>"), OutputFormat::kXml);
  EXPECT_EQ(detect_format("<function=f><parameter=p>"), OutputFormat::kPlain);
  EXPECT_EQ(detect_format("<tool_call>f<arg_key>"), OutputFormat::kPlain);
  EXPECT_EQ(detect_format("<tool_call></tool_call> <tool_calls>["), OutputFormat::kPlain);
  EXPECT_EQ(detect_format("'<|tool_call>call:' '}<tool_call|>'"), OutputFormat::kGemma4);
  EXPECT_EQ(detect_format("<|channel|>final<|message|>"), OutputFormat::kHarmony);
  EXPECT_EQ(detect_format(""), OutputFormat::kPlain);
}

TEST(OutputFormat, MarkersFitTheMarks) {
  for (const OutputFormat format :
       {OutputFormat::kPlain, OutputFormat::kHermes, OutputFormat::kLlama3, OutputFormat::kMistral,
        OutputFormat::kXml, OutputFormat::kGemma4, OutputFormat::kHarmony}) {
    EXPECT_EQ(row_of(format).format, format);
    EXPECT_LE(marker_tokens(format, true, true).size(), kControlMarksMax);
    EXPECT_TRUE(marker_tokens(format, false, false).empty());
  }
}

TEST(OutputFormat, ToolsAreKnownByTheTemplatesCode) {
  EXPECT_TRUE(knows_tools("{%- if tools %}{{ tools | tojson }}{% endif %}"));
  EXPECT_TRUE(knows_tools("{% for m in messages %}{{ m.x }}{% endfor %}{{ tools }}"));
  EXPECT_FALSE(knows_tools("{{ 'x' }} You have no tools. {% for m in messages %}{% endfor %}"));
  EXPECT_FALSE(knows_tools("{{ '# Tools <tools>' }}{{ tools_of_mine }}{{ \"\\\"tools\" }}"));
  EXPECT_FALSE(knows_tools(""));
}

TEST(OutputFormat, ReasoningOpenedByThePrompt) {
  EXPECT_TRUE(opens_reasoning("<|im_start|>assistant\n<think>\n"));
  EXPECT_FALSE(opens_reasoning("<think>\n\n</think>\n\n"));
  EXPECT_FALSE(opens_reasoning(""));
  EXPECT_TRUE(opens_reasoning("<|turn>model\n<|channel>thought\n"));
  EXPECT_FALSE(opens_reasoning("<|turn>model\n<|channel>thought\n<channel|>"));
  EXPECT_TRUE(opens_reasoning("[THINK]"));
}

TEST(OutputFormat, ReasoningIsRecognizedByTheTemplate) {
  for (const std::string_view source : {"x</think>", "<think>", "'[THINK]' + x",
                                        "<|channel>thought\n", "<|channel|>analysis<|message|>"})
    EXPECT_TRUE(detect_reasoning(source)) << source;
  for (const std::string_view source : {"", "<|end|>", "[TOOL_CALLS]", "thought"})
    EXPECT_FALSE(detect_reasoning(source)) << source;
}

}  // namespace
}  // namespace sanctum::text
