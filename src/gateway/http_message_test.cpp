#include "gateway/http_message.h"

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

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

TEST(RequestParser, ASlashThatIsEncodedIsPartOfAName) {
  for (const auto& [told, meant] :
       {std::pair("//v1/models//m/", "/v1/models/m"),
        std::pair("/v1/models/o%2Fm", "/v1/models/o/m"),
        std::pair("/v1/models/%2Fhome%2Fm%2F", "/v1/models//home/m/")}) {
    RequestParser parser;
    std::string text = std::string("GET ") + told + " HTTP/1.1\r\nHost: h\r\n\r\n";
    ASSERT_EQ(parser.feed(text), State::kComplete) << told;
    EXPECT_EQ(parser.take().path, meant);
  }
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

TEST(RequestParser, TransferEncodingWithoutAFinalChunkedIsRefused) {
  const auto status = [](const std::string& lines) {
    RequestParser parser;
    std::string inbox = "POST / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n0\r\n\r\n";
    return parser.feed(inbox) == State::kRefused ? parser.status() : 200;
  };
  const std::string te = "Transfer-Encoding: ";
  EXPECT_EQ(status(te + "chunked\r\n"), 200);
  EXPECT_EQ(status(te + "Chunked\r\n"), 200);
  for (const std::string& coding :
       {"gzip", "identity", "chunked, identity", "chunked, gzip", "xchunked", "chunked;q=1",
        "chunked chunked", "chunked, chunked", "chunked,", ""})
    EXPECT_EQ(status(te + coding + "\r\n"), 400) << coding;
  EXPECT_EQ(status(te + "chunked\r\n" + te + "identity\r\n"), 400);
  EXPECT_EQ(status(te + "chunked\r\n" + te + "chunked\r\n"), 400);
  EXPECT_EQ(status(te + "gzip, chunked\r\n"), 501);
  EXPECT_EQ(status(te + "gzip\r\n" + te + "chunked\r\n"), 501);
  EXPECT_EQ(status(te + "chunked\r\nContent-Length: 5\r\n"), 400);
  EXPECT_EQ(status("Content-Length: 5\r\nContent-Length: 5\r\n"), 400);
  EXPECT_EQ(status("Content-Length: 5, 5\r\n"), 400);
}

TEST(RequestParser, TransferEncodingIsNotOfHttp10) {
  RequestParser parser;
  std::string inbox = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  EXPECT_EQ(parser.feed(inbox), State::kRefused);
  EXPECT_EQ(parser.status(), 400);
}

TEST(RequestParser, HeadersAreFoundWithoutCaseAndTrailersAreNone) {
  RequestParser parser({ListenerKind::kMutualTls, "127.0.0.1", "127.0.0.1:5", "CN=c", {}});
  std::string inbox =
      "POST / HTTP/1.1\r\nHost: h\r\nx-CUSTOM:  a b \r\nX: 1\r\nX: 2\r\nTransfer-Encoding: "
      "chunked\r\n\r\n1\r\nx\r\n0\r\nAuthorization: Bearer late\r\nX-Custom: late\r\n\r\n";
  ASSERT_EQ(parser.feed(inbox), State::kComplete) << parser.problem();
  EXPECT_TRUE(parser.has_head());
  const HttpRequest request = parser.take();
  EXPECT_EQ(request.headers.get("X-Custom"), "a b");
  EXPECT_EQ(request.headers.count("x"), 2u);
  EXPECT_EQ(request.headers.get("x"), "1");
  EXPECT_FALSE(request.headers.has("Authorization"));
  EXPECT_EQ(request.peer.listener, ListenerKind::kMutualTls);
  EXPECT_EQ(request.peer.subject, "CN=c");
}

TEST(RequestParser, ATargetInAbsoluteFormHasAnAuthority) {
  for (const auto& [target, authority, path] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
           {"http://evil.example/v1/models?a=b", "evil.example", "/v1/models"},
           {"HTTPS://[::1]:80", "[::1]:80", "/"},
           {"http://h?a=b", "h", "/"},
           {"/http://h/x", "", "/http:/h/x"},
           {"//evil.example/x", "", "/evil.example/x"}}) {
    RequestParser parser;
    std::string inbox = "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n";
    ASSERT_EQ(parser.feed(inbox), State::kComplete) << target;
    const HttpRequest request = parser.take();
    EXPECT_EQ(request.authority, authority) << target;
    EXPECT_EQ(request.path, path) << target;
  }
}

TEST(RequestParser, CodedBodiesAreDecodedOrRefused) {
  // printf '{"a":1}' | gzip -n | xxd -i
  const unsigned char packed[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                  0x03, 0xab, 0x56, 0x4a, 0x54, 0xb2, 0x32, 0xac, 0x05,
                                  0x00, 0xaf, 0xac, 0x1b, 0x56, 0x07, 0x00, 0x00, 0x00};
  const std::string gzip(packed, packed + sizeof packed);
  const auto post = [](const std::string& coding, const std::string& body) {
    return "POST / HTTP/1.1\r\nHost: h\r\nContent-Encoding: " + coding +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  RequestParser good;
  std::string inbox = post("gzip", gzip);
  ASSERT_EQ(good.feed(inbox), State::kComplete) << good.problem();
  EXPECT_EQ(good.body_bytes(), gzip.size()) << "not everybody is owed the work";
  ASSERT_EQ(good.unpack(), State::kComplete);
  EXPECT_EQ(good.body_bytes(), 7u);
  EXPECT_EQ(good.take().body, "{\"a\":1}");
  for (const auto& [coding, status] : std::vector<std::pair<std::string, int>>{
           {"br", 415}, {"gzip, gzip", 415}, {"deflate", 415}, {"gzip", 400}}) {
    RequestParser parser;
    inbox = post(coding, "{}");
    auto state = parser.feed(inbox);
    if (state == State::kComplete) state = parser.unpack();
    EXPECT_EQ(state, State::kRefused) << coding;
    EXPECT_EQ(parser.status(), status) << coding;
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
  RequestParser lines;
  inbox = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (std::size_t i = 0; i < kHeaderLinesMax; ++i) inbox += "X: x\r\n";
  inbox += "\r\n";
  EXPECT_EQ(lines.feed(inbox), State::kRefused);
  EXPECT_EQ(lines.status(), 431);
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
