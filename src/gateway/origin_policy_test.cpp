#include "gateway/origin_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace sanctum::gateway {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

HttpRequest request(const std::string& method, HttpHeaders headers,
                    ListenerKind listener = ListenerKind::kPlain,
                    const std::string& listens_on = "127.0.0.1") {
  HttpRequest head;
  head.method = method;
  head.path = "/v1/models";
  head.headers = std::move(headers);
  head.peer = {listener, listens_on, "127.0.0.1:5", {}, {}};
  return head;
}

int status_of_host(const std::string& host, const std::string& listens_on = "127.0.0.1",
                   const OriginSettings& settings = {}) {
  return judge_origin(settings, request("GET", {{"host", host}}, ListenerKind::kPlain, listens_on))
      .status;
}

TEST(OriginPolicy, APlainListenerAnswersToItsOwnNames) {
  for (const char* host : {"127.0.0.1", "127.0.0.1:1338", "localhost", "LOCALHOST:99", "localhost.",
                           "127.0.0.2", "[::1]:1338", "[::ffff:127.0.0.1]"})
    EXPECT_EQ(status_of_host(host), 0) << host;
  for (const char* host : {"evil.example", "evil.example:1338", "localhost.evil.example",
                           "127.0.0.1.evil.example", "192.168.0.7", "0.0.0.0", "", "user@localhost",
                           "localhost, evil.example", "[::2]", "a.localhost"})
    EXPECT_EQ(status_of_host(host), 403) << host;
  EXPECT_EQ(status_of_host("192.168.0.7:1", "192.168.0.7"), 0);
  EXPECT_EQ(status_of_host("localhost", "192.168.0.7"), 0) << "a tunnel's";
  EXPECT_EQ(status_of_host("127.0.0.1", "192.168.0.7"), 403);
  EXPECT_EQ(status_of_host("[2001:db8::1]", "2001:db8:0::1"), 0);
  EXPECT_EQ(status_of_host("[fe80::1]:1338", "fe80::1%eth0"), 0);
}

TEST(OriginPolicy, AListenerOnAllAddressesTakesEveryLiteralOneAndNoName) {
  for (const char* everywhere : {"0.0.0.0", "::"}) {
    for (const char* host :
         {"192.168.0.7", "10.1.2.3:1", "[2001:db8::1]:1", "127.0.0.1", "0.0.0.0"})
      EXPECT_EQ(status_of_host(host, everywhere), 0) << host;
    EXPECT_EQ(status_of_host("evil.example", everywhere), 403);
  }
}

TEST(OriginPolicy, NamesCanBeAllowed) {
  const auto settings = origin_settings({"AI.example.org.", "10.0.0.9"}, {});
  EXPECT_EQ(status_of_host("ai.example.org:443", "127.0.0.1", settings), 0);
  EXPECT_EQ(status_of_host("10.0.0.9", "127.0.0.1", settings), 0);
  EXPECT_EQ(status_of_host("evil.example", "127.0.0.1", settings), 403);
  EXPECT_EQ(status_of_host("x.ai.example.org", "127.0.0.1", settings), 403);
  EXPECT_EQ(status_of_host("evil.example", "127.0.0.1", origin_settings({"*"}, {})), 0);
  const auto verdict = judge_origin({}, request("GET", {{"Host", "router.example"}}));
  EXPECT_THAT(verdict.message, HasSubstr("'router.example'"));
  EXPECT_THAT(verdict.message, HasSubstr("--allow-host"));
}

TEST(OriginPolicy, EveryNameThatARequestGivesIsLookedAt) {
  HttpRequest absolute = request("GET", {{"Host", "127.0.0.1"}});
  absolute.authority = "evil.example";
  EXPECT_EQ(judge_origin({}, absolute).status, 403);
  absolute.authority = "127.0.0.1:1338";
  EXPECT_EQ(judge_origin({}, absolute).status, 0);
  absolute.headers = {{"Host", "evil.example"}};
  EXPECT_EQ(judge_origin({}, absolute).status, 403);
  EXPECT_EQ(judge_origin({}, request("GET", {{"Host", "localhost"}, {"HOST", "evil"}})).status,
            403);
  EXPECT_EQ(judge_origin({}, request("GET", {})).status, 0) << "HTTP/1.0 needs no Host";
}

TEST(OriginPolicy, OtherListenersHaveOtherNames) {
  EXPECT_EQ(
      judge_origin({}, request("GET", {{"Host", "evil.example"}}, ListenerKind::kMutualTls)).status,
      0);
  const auto control = judge_origin(
      {}, request("POST", {{"Host", "sanctum"}, {"Origin", "http://e"}}, ListenerKind::kControl));
  EXPECT_EQ(control.status, 0);
  EXPECT_TRUE(control.headers.empty());
}

struct OriginCase {
  const char* origin;
  int status;
};

TEST(OriginPolicy, ForeignPagesAreRefusedAndLocalOnesAreNot) {
  const auto settings =
      origin_settings({"ai.example"}, {"https://app.example/", "app://obsidian.md"});
  for (const auto& [origin, status] : {OriginCase{"http://localhost:3000", 0},
                                       {"https://localhost", 0},
                                       {"http://127.0.0.1:9", 0},
                                       {"http://[::1]:9", 0},
                                       {"https://app.example", 0},
                                       {"https://APP.example:443", 0},
                                       {"app://obsidian.md", 0},
                                       {"http://ai.example:8080", 0},  // our own page
                                       {"https://ai.example:8080", 0},
                                       {"http://app.example", 403},
                                       {"https://app.example:444", 403},
                                       {"https://app.example.evil", 403},
                                       {"http://ai.example", 403},
                                       {"https://evil.example", 403},
                                       {"http://localhost.evil.example", 403},
                                       {"http://localhost@evil.example", 403},
                                       {"ftp://localhost", 403},
                                       {"null", 403},
                                       {"", 403},
                                       {"http://localhost http://evil.example", 403}}) {
    for (const auto listener : {ListenerKind::kPlain, ListenerKind::kMutualTls}) {
      const auto verdict = judge_origin(
          settings, request("GET", {{"Host", "ai.example:8080"}, {"Origin", origin}}, listener));
      EXPECT_EQ(verdict.status, status) << origin;
      EXPECT_THAT(verdict.headers, Contains(Pair("Vary", "Origin"))) << origin;
      EXPECT_EQ(
          testing::Value(verdict.headers, Contains(Pair("Access-Control-Allow-Origin", origin))),
          status == 0)
          << origin;
    }
  }
  EXPECT_EQ(judge_origin(settings, request("GET", {{"Host", "localhost"},
                                                   {"Origin", "https://app.example"},
                                                   {"Origin", "https://evil.example"}}))
                .status,
            403);
  EXPECT_THAT(judge_origin({}, request("GET", {{"Origin", "https://evil.example"}})).message,
              HasSubstr("--allow-origin"));
}

TEST(OriginPolicy, OriginsCanAllBeAllowedAndNullByItself) {
  const HttpRequest null = request("GET", {{"Host", "localhost"}, {"Origin", "null"}});
  const HttpRequest other =
      request("GET", {{"Host", "localhost"}, {"Origin", "https://x.example"}});
  EXPECT_EQ(judge_origin(origin_settings({}, {"null"}), null).status, 0);
  EXPECT_EQ(judge_origin(origin_settings({}, {"null"}), other).status, 403);
  EXPECT_EQ(judge_origin(origin_settings({}, {"*"}), other).status, 0);
}

TEST(OriginPolicy, WhatABrowserPostsIsJson) {
  const auto status = [](HttpHeaders headers, ListenerKind listener = ListenerKind::kPlain) {
    headers.add("Host", "localhost");
    return judge_origin({}, request("POST", std::move(headers), listener)).status;
  };
  const HeaderLine local{"Origin", "http://localhost:3000"}, null{"Origin", "null"};
  const HeaderLine site{"Sec-Fetch-Site", "same-origin"};
  for (const char* json : {"application/json", "Application/JSON; charset=utf-8",
                           "application/json;charset=UTF-8", "application/vnd.api+json"}) {
    EXPECT_EQ(status({local, {"Content-Type", json}}), 0) << json;
    EXPECT_EQ(status({site, {"Content-Type", json}}), 0) << json;
  }
  for (const char* other :
       {"text/plain", "text/plain; x=application/json", "", "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x", "application/jsonx", "text/json+x", "text/x+json"}) {
    EXPECT_EQ(status({local, {"Content-Type", other}}), 415) << other;
    EXPECT_EQ(status({null, {"Content-Type", other}}), 415) << other;
    EXPECT_EQ(status({site, {"Content-Type", other}}), 415) << other;
    EXPECT_EQ(status({site, {"Content-Type", other}}, ListenerKind::kMutualTls), 415) << other;
    EXPECT_EQ(status({{"Content-Type", other}}), 0) << "no browser: " << other;
  }
  EXPECT_EQ(status({local}), 415) << "a Blob without a type is sent without asking";
  EXPECT_EQ(status({}), 0);
}

TEST(OriginPolicy, AllowedPagesGetAllOfCors) {
  HttpHeaders asked{{"Host", "localhost"},
                    {"Origin", "http://localhost:3000"},
                    {"Access-Control-Request-Method", "POST"},
                    {"Access-Control-Request-Headers", "authorization,content-type,x-stainless-os"},
                    {"Access-Control-Request-Private-Network", "true"}};
  const auto verdict = judge_origin({}, request("OPTIONS", asked));
  EXPECT_EQ(verdict.status, 204);
  for (const auto& line : std::vector<HeaderLine>{
           {"Vary", "Origin"},
           {"Access-Control-Allow-Origin", "http://localhost:3000"},
           {"Access-Control-Allow-Methods", "GET, HEAD, POST, DELETE, OPTIONS"},
           {"Access-Control-Allow-Headers", "authorization,content-type,x-stainless-os"},
           {"Access-Control-Max-Age", "600"},
           {"Access-Control-Allow-Private-Network", "true"}})
    EXPECT_THAT(verdict.headers, Contains(line));
  EXPECT_THAT(verdict.headers, Not(Contains(Pair("Access-Control-Allow-Credentials", "true"))));

  const auto plain = judge_origin(
      {}, request("GET", {{"Host", "localhost"}, {"Origin", "http://localhost:3000"}}));
  EXPECT_THAT(plain.headers, Contains(Pair("Access-Control-Expose-Headers",
                                           AllOf(HasSubstr("X-Request-Id, Retry-After"),
                                                 HasSubstr("X-Sanctum-Ignored")))));
  asked.add("Origin", "https://evil.example");
  EXPECT_EQ(judge_origin({}, request("OPTIONS", asked)).status, 403);
  EXPECT_EQ(judge_origin({}, request("OPTIONS", {{"Host", "localhost"}})).status, 0)
      << "not a preflight: the router's";
}

TEST(OriginPolicy, SettingsThatMakeNoSenseAreNamed) {
  for (const char* host : {"http://h", "h:80", "h:", "h/x", "", "a b", "*.example.org"}) {
    try {
      origin_settings({host}, {});
      ADD_FAILURE() << host;
    } catch (const Error& error) {
      EXPECT_EQ(error.field(), "allow_host");
    }
  }
  for (const char* origin : {"app.example", "https://h/x", "", "https://*.example.org"}) {
    try {
      origin_settings({}, {origin});
      ADD_FAILURE() << origin;
    } catch (const Error& error) {
      EXPECT_EQ(error.field(), "allow_origin");
    }
  }
}

}  // namespace
}  // namespace sanctum::gateway
