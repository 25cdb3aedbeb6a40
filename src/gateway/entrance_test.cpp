#include "gateway/entrance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/test_directory.h"
#include "gateway/openai_error.h"

namespace sanctum::gateway {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

class EntranceTest : public testing::Test {
 protected:
  void SetUp() override {
    change_keys(directory_.path(), [this](ApiKeys& keys) { key_ = keys.add("mine", 1); });
  }
  static HttpRequest head(const std::string& method, const std::string& path,
                          HttpHeaders headers = {}, ListenerKind listener = ListenerKind::kPlain) {
    HttpRequest request;
    request.method = method;
    request.path = path;
    request.headers = std::move(headers);
    request.headers.add("Host", "localhost");
    request.peer = {listener, "127.0.0.1", "127.0.0.1:5", {}, {}};
    return request;
  }
  static int status(const Entry& entry) { return entry.answer ? entry.answer->status : 0; }

  const TestDirectory directory_;
  std::string key_;
  Entrance entrance_{directory_.path(), {{}, "the probes' secret", "the local key"}};
};

TEST_F(EntranceTest, AKeyIsWantedOfAPlainListener) {
  for (const char* path : {"/", "/metrics", "/status", "/v1/models", "/nothing", "/health/x"}) {
    EXPECT_EQ(status(entrance_.judge(head("GET", path))), 401) << path;
    EXPECT_EQ(status(entrance_.judge(head("GET", path, {{"Authorization", "Bearer " + key_}}))), 0);
  }
  EXPECT_EQ(status(entrance_.judge(head("POST", "/v1/chat/completions"))), 401);
  EXPECT_EQ(status(entrance_.judge(head("POST", "/health"))), 401);
  for (const auto& [method, path] :
       std::vector<std::pair<const char*, const char*>>{{"GET", "/health"},
                                                        {"HEAD", "/health"},
                                                        {"GET", "/ready"},
                                                        {"HEAD", "/"},
                                                        {"OPTIONS", "/v1/models"}})
    EXPECT_EQ(status(entrance_.judge(head(method, path))), 0) << method << path;
}

TEST_F(EntranceTest, ItsNameIsKnownAndSoAreOurOwn) {
  const auto name = [this](HttpHeaders headers) {
    const Entry entry = entrance_.judge(head("GET", "/v1/models", std::move(headers)));
    return entry.answer ? "refused" : entry.key;
  };
  EXPECT_EQ(name({{"Authorization", "Bearer " + key_}}), "mine");
  EXPECT_EQ(name({{"X-Api-Key", key_}}), "mine");
  EXPECT_EQ(name({{"Authorization", "Basic " + base64_encode("me:" + key_)}}), "mine");
  EXPECT_EQ(name({{"Authorization", "Bearer the local key"}}), "local");
  EXPECT_EQ(name({{"Sanctum-Probe", "the probes' secret"}}), "");
  EXPECT_EQ(name({{"Sanctum-Probe", "a guess"}}), "refused");
  EXPECT_EQ(name({{"Authorization", "Bearer none"}}), "refused");
  EXPECT_EQ(name({{"Authorization", "Bearer "}}), "refused");
}

TEST_F(EntranceTest, TheRefusalIsOpenAisAndHasNoKeyInIt) {
  const std::string wrong = key_.substr(0, key_.size() - 1) + "!";
  const Entry entry =
      entrance_.judge(head("GET", "/v1/models", {{"Authorization", "Bearer " + wrong}}));
  const std::string body = openai_error(entry.answer->error.value());
  EXPECT_THAT(body, HasSubstr(R"("code":"invalid_api_key")"));
  EXPECT_THAT(body, Not(HasSubstr(wrong.substr(11))));
  EXPECT_THAT(entry.answer->headers,
              Contains(Pair("WWW-Authenticate", HasSubstr("error=\"invalid_token\""))));
  EXPECT_THAT(entry.answer->headers, Not(Contains(Pair("WWW-Authenticate", HasSubstr("Basic")))));
  const Entry page = entrance_.judge(head("GET", "/", {{"Accept", "text/html,*/*"}}));
  EXPECT_THAT(page.answer->headers, Contains(Pair("WWW-Authenticate", HasSubstr("Basic"))));
}

TEST_F(EntranceTest, BesideACertificateAKeyIsOptional) {
  for (const char* shown : {"none", ""}) {
    const Entry entry = entrance_.judge(head("GET", "/v1/models",
                                             {{"Authorization", std::string("Bearer ") + shown}},
                                             ListenerKind::kMutualTls));
    EXPECT_EQ(status(entry), 0);
    EXPECT_EQ(entry.key, "");
  }
  EXPECT_EQ(
      entrance_.judge(head("GET", "/v1/models", {{"X-Api-Key", key_}}, ListenerKind::kMutualTls))
          .key,
      "mine");
  EXPECT_EQ(status(entrance_.judge(head("POST", "/restart", {}, ListenerKind::kControl))), 0);
}

TEST_F(EntranceTest, TheOriginIsLookedAtBeforeTheKey) {
  const Entry refused = entrance_.judge(
      head("GET", "/v1/models", {{"Origin", "https://evil.example"}, {"X-Api-Key", key_}}));
  EXPECT_EQ(status(refused), 403);
  const Entry preflight = entrance_.judge(
      head("OPTIONS", "/v1/models",
           {{"Origin", "http://localhost:1"}, {"Access-Control-Request-Method", "GET"}}));
  EXPECT_EQ(status(preflight), 204);
  const Entry keyless =
      entrance_.judge(head("GET", "/v1/models", {{"Origin", "http://localhost:1"}}));
  EXPECT_EQ(status(keyless), 401);
  EXPECT_THAT(keyless.headers, Contains(Pair("Access-Control-Allow-Origin", "http://localhost:1")));
}

TEST_F(EntranceTest, WithoutKeysNobodyNeedsOne) {
  change_keys(directory_.path(), [](ApiKeys& keys) { keys.remove("mine"); });
  EXPECT_EQ(status(entrance_.judge(head("GET", "/", {{"Authorization", "Bearer none"}}))), 0);
  EXPECT_FALSE(entrance_.wants_key());
}

}  // namespace
}  // namespace sanctum::gateway
