#include "gateway/http_message.h"

#include <gtest/gtest.h>

#include "gateway/request_parser.h"

namespace sanctum::gateway {
namespace {

using State = RequestParser::State;

TEST(HttpMessage, RendersHeadsAndChunks) {
  HttpResponse response;
  response.status = 429;
  response.body = "{}";
  response.headers = {{"Retry-After", "2"}};
  EXPECT_EQ(render_head(response, BodyFraming::kLength, true),
            "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nRetry-After: 2\r\n"
            "Content-Length: 2\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_NE(render_head(response, BodyFraming::kChunked, false)
                .find("Transfer-Encoding: chunked\r\nConnection: close"),
            std::string::npos);
  EXPECT_EQ(render_chunk("0123456789abcdef!"), "11\r\n0123456789abcdef!\r\n");
  EXPECT_EQ(render_chunk(""), "0\r\n\r\n");
}

TEST(HttpMessage, DecodesPaths) {
  EXPECT_EQ(percent_decode("/v1/models/org%2Fname"), "/v1/models/org/name");
  EXPECT_EQ(percent_decode("%zz%4"), "%zz%4");
}

TEST(RequestParser, TakesARequestHoweverItArrives) {
  const std::string text =
      "POST /v1/x%20y?a=b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nGET";
  for (std::size_t piece : {std::size_t(1), std::size_t(7), text.size()}) {
    RequestParser parser;
    std::string inbox;
    State state = State::kHeader;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      inbox += text.substr(at, piece);
      if (state != State::kComplete) state = parser.feed(inbox);
    }
    ASSERT_EQ(state, State::kComplete) << piece;
    EXPECT_EQ(inbox, "GET") << piece;
    const HttpRequest request = parser.take();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.path, "/v1/x y");
    EXPECT_EQ(request.query, "a=b");
    EXPECT_EQ(request.body, "abcde");
    EXPECT_TRUE(request.keep_alive);
  }
}

TEST(RequestParser, RefusesSmugglingAndNonsense) {
  const std::string host = "Host: h\r\n";
  for (const std::string& text :
       {"POST / HTTP/1.1\r\n" + host +
            "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\n" + host +
            "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\n" + host + "Content-Length: 1e3\r\n\r\n",
        "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        "GET / HTTP/1.1\r\n" + host + "Bad Header: x\r\n\r\n",
        "GET / HTTP/1.1\r\n" + host + "A: b\r\n folded\r\nX\r\n\r\n",
        std::string("GET / HTTP/1.1\r\n\r\n"), "GET / HTTP/1.1\r\n" + host + host + "\r\n",
        std::string("GET /\r\n\r\n"), std::string("\x16\x03\x01\x02 nonsense\r\n\r\n"),
        "GET / HTTP/3.0\r\n" + host + "\r\n"}) {
    RequestParser parser;
    std::string inbox = text;
    EXPECT_EQ(parser.feed(inbox), State::kRefused) << text;
    EXPECT_EQ(parser.status(), 400) << text;
  }
}

TEST(RequestParser, ChunkExtensionsAndTrailersThatNeverEndAreRefused) {
  for (const std::string& start : {"1;a=", "1\r\nx\r\n0\r\nX: "}) {
    RequestParser parser;
    std::string inbox = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + start;
    ASSERT_EQ(parser.feed(inbox), State::kBody);
    inbox += std::string(kHeaderBytesMax, 'a');
    EXPECT_EQ(parser.feed(inbox), State::kRefused) << start;
    EXPECT_EQ(parser.status(), 400);
  }
}

TEST(RequestParser, EnforcesLimits) {
  RequestParser body;
  std::string inbox =
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(kBodyBytesMax + 1) +
      "\r\n\r\n";
  EXPECT_EQ(body.feed(inbox), State::kRefused);
  EXPECT_EQ(body.status(), 413);
  RequestParser header;
  inbox = "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(kHeaderBytesMax, 'x') + "\r\n\r\n";
  EXPECT_EQ(header.feed(inbox), State::kRefused);
  EXPECT_EQ(header.status(), 431);
}

TEST(RequestParser, KnowsWhoWaitsToContinue) {
  RequestParser parser;
  std::string inbox =
      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n";
  EXPECT_EQ(parser.feed(inbox), State::kBody);
  EXPECT_TRUE(parser.expects_continue());
}

}  // namespace
}  // namespace sanctum::gateway
