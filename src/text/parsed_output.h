// For tests: what comes of an output, checked to be the same wherever it is cut.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "text/output_parser.h"

namespace sanctum::text {

struct ParsedOutput {
  std::string content;
  std::string reasoning;
  std::vector<std::pair<std::string, std::string>> calls;  // name, arguments
  std::vector<std::string> ids;
  bool cut = false;
  bool operator==(const ParsedOutput&) const = default;
};

inline void PrintTo(const ParsedOutput& output, std::ostream* out) {
  *out << testing::PrintToString(
      std::tie(output.content, output.reasoning, output.calls, output.ids, output.cut));
}

inline void add(ParsedOutput& output, const OutputParser::Event& event) {
  output.content += event.content;
  output.reasoning += event.reasoning;
  for (const ToolCallDelta& delta : event.tool_calls) {
    const auto index = static_cast<std::size_t>(delta.index);
    if (index >= output.calls.size()) {
      EXPECT_EQ(index, output.calls.size());
      EXPECT_FALSE(delta.id.empty());
      EXPECT_FALSE(delta.name.empty());
      output.calls.resize(index + 1);
      output.ids.resize(index + 1);
    }
    EXPECT_EQ(index + 1, output.calls.size()) << "no call goes on behind another";
    output.calls[index].first += delta.name;
    output.calls[index].second += delta.arguments;
    output.ids[index] += delta.id;
  }
}

inline ParsedOutput feed(const OutputOptions& options, const std::vector<std::string>& pieces,
                         Ending ending = Ending::kCut) {
  OutputParser parser(options);
  ParsedOutput output;
  for (const std::string& piece : pieces) add(output, parser.push(piece));
  add(output, parser.finish(ending));
  output.cut = parser.cut();
  EXPECT_EQ(static_cast<std::size_t>(parser.calls()), output.calls.size());
  return output;
}

// The result for the whole text, having tried it byte by byte, every split in two, and some in
// many.
inline ParsedOutput parse(const OutputOptions& options, const std::string& text,
                          Ending ending = Ending::kCut) {
  const ParsedOutput whole = feed(options, {text}, ending);
  for (std::size_t i = 0; i <= text.size(); ++i) {
    EXPECT_EQ(feed(options, {text.substr(0, i), text.substr(i)}, ending), whole)
        << "split at " << i;
  }
  std::mt19937 random(static_cast<unsigned>(std::hash<std::string>()(text)));
  for (std::size_t longest : {1, 3, 8, 30}) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < text.size(); at += pieces.back().size())
      pieces.push_back(text.substr(at, 1 + random() % longest));
    EXPECT_EQ(feed(options, pieces, ending), whole) << "pieces of " << longest << " bytes at most";
  }
  return whole;
}

}  // namespace sanctum::text
