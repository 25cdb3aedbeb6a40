#include "client/sse.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"

namespace sanctum::client {
namespace {

using Events = std::vector<std::pair<std::string, std::string>>;

Events parse(const std::vector<std::string>& pieces) {
  SseParser parser;
  Events events;
  for (const auto& piece : pieces) {
    parser.push(piece, [&](const SseEvent& e) { events.emplace_back(e.name, e.data); });
  }
  return events;
}

const std::string kStream =
    "\xEF\xBB\xBF: hello\r\n"
    "data: {\"a\":1}\r\n\r\n"
    "event: note\ndata:two\ndata: lines\nid: 7\nretry: 5\n\n"
    "data\n\n"
    "\n\r"
    "event: empty\n\n"
    "data:  kept space\r\r"
    "unknown: field\ndata: a:b\n\n"
    "data: [DONE]\n\n"
    "data: cut off";

const Events kExpected = {{"message", "{\"a\":1}"}, {"note", "two\nlines"},
                          {"message", ""},          {"message", " kept space"},
                          {"message", "a:b"},       {"message", "[DONE]"}};

TEST(Sse, WholeStream) {
  EXPECT_EQ(parse({kStream}), kExpected);
}

TEST(Sse, EverySplitInTwo) {
  for (std::size_t at = 0; at <= kStream.size(); ++at) {
    EXPECT_EQ(parse({kStream.substr(0, at), kStream.substr(at)}), kExpected) << "split at " << at;
  }
}

TEST(Sse, ByteByByte) {
  std::vector<std::string> pieces;
  for (const char c : kStream) pieces.emplace_back(1, c);
  EXPECT_EQ(parse(pieces), kExpected);
}

TEST(Sse, EndlessEventIsRefused) {
  SseParser parser;
  const std::string piece(1 << 20, 'x');
  parser.push("data: ", [](const SseEvent&) {});
  EXPECT_THROW(
      {
        for (int i = 0; i < 20; ++i) parser.push(piece, [](const SseEvent&) {});
      },
      Error);
}

TEST(Sse, EndlessLinesOfOneEventAreRefused) {
  SseParser parser;
  const std::string line = "data: " + std::string(1 << 20, 'x') + "\n";
  EXPECT_THROW(
      {
        for (int i = 0; i < 20; ++i) parser.push(line, [](const SseEvent&) {});
      },
      Error);
}

}  // namespace
}  // namespace sanctum::client
