#include "client/endpoint.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <map>

#include "base/error.h"
#include "base/test_directory.h"
#include "client/local_key.h"
#include "client/running_servers.h"
#include "platform/lock_file.h"

namespace sanctum::client {
namespace {

Environment environment(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) -> std::optional<std::string> {
    const auto it = values.find(name);
    return it == values.end() ? std::nullopt : std::optional(it->second);
  };
}

class Certificates : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"certs/ca.pem", "certs/client.pem", "certs/client.key"})
      directory_.write(name, "x");
  }
  const TestDirectory directory_;
  const std::string state_ = directory_.path();
};

TEST(Endpoint, UrlsAsPeopleWriteThem) {
  EXPECT_EQ(normalized_url("http://127.0.0.1:1338"), "http://127.0.0.1:1338");
  EXPECT_EQ(normalized_url("localhost:1338/v1/"), "http://localhost:1338");
  EXPECT_EQ(normalized_url("https://h/v1"), "https://h");
  EXPECT_EQ(normalized_url("https://h/prefix/"), "https://h/prefix");
  for (const char* bad : {"", "http://", "ftp://h", "http://h?x", "http://a b", "/v1"}) {
    EXPECT_THROW(normalized_url(bad), Error) << bad;
  }
}

TEST(Endpoint, OptionThenEnvironmentThenDefault) {
  EXPECT_EQ(resolve({}, environment({})).url, "http://127.0.0.1:1338");
  const auto env = environment({{"SANCTUM_URL", "http://e:1"}, {"SANCTUM_API_KEY", "k"}});
  EXPECT_EQ(resolve({}, env).url, "http://e:1");
  EXPECT_EQ(resolve({}, env).bearer, "k");
  EndpointOptions options;
  options.url = "http://o:2";
  EXPECT_EQ(resolve(options, env).url, "http://o:2");
}

TEST(Endpoint, AKeyIsGivenOrThatOfOurOwnServer) {
  const TestDirectory directory;
  write_local_key(directory.path(), {"local", "127.0.0.1:1338"});
  EndpointOptions options;
  options.state_dir = directory.path();
  options.url = "http://127.0.0.1:1338";
  EXPECT_EQ(resolve(options, environment({})).bearer, "local");
  EXPECT_EQ(resolve(options, environment({{"SANCTUM_API_KEY", "k"}})).bearer, "k");
  options.api_key = "given";
  EXPECT_EQ(resolve(options, environment({{"SANCTUM_API_KEY", "k"}})).bearer, "given");
  options.api_key.clear();
  for (const char* other :
       {"http://127.0.0.1:1339", "http://example.org:1338", "https://127.0.0.1:1338"}) {
    options.url = other;
    EXPECT_EQ(resolve(options, environment({})).bearer, "") << other;
  }
}

TEST(Endpoint, IsWhereTheServerListensThatIsMeant) {
  const TestDirectory directory;
  directory.write("a/certs/ca.pem", "x");
  const platform::LockFile lock(directory.path("a/lock"));
  write_serving(directory.path("a"), {::getpid(), 0, 0, "127.0.0.1:7", "127.0.0.1:8"});
  write_local_key(directory.path("a"), {"local", "127.0.0.1:7"});
  const auto env = environment({{"XDG_STATE_HOME", directory.path("home")}});
  EXPECT_EQ(resolve({}, env).url, kDefaultUrl) << "nothing runs that we know of";
  EndpointOptions options;
  options.state_dir = directory.path("a");
  EXPECT_EQ(resolve(options, env).url, "http://127.0.0.1:7");
  EXPECT_EQ(resolve(options, env).bearer, "local");
  note_running(directory.path("a"), ::getpid(), env);
  EXPECT_EQ(resolve({}, env).url, "http://127.0.0.1:7") << "the only one that runs";
  options.state_dir.clear();
  options.url = "https://127.0.0.1:8";
  EXPECT_EQ(resolve(options, env).authority, directory.path("a") + "/certs/ca.pem")
      << "it is known by its address";
  options.state_dir = directory.path("nothing");
  options.url.clear();
  EXPECT_THROW(resolve(options, env), Error);
  write_serving(directory.path("a"), {::getpid(), 0, 0, "", "127.0.0.1:8"});
  EXPECT_EQ(resolve({}, env).url, "https://127.0.0.1:8");
}

TEST(Endpoint, StateDirectoryFollowsXdg) {
  EXPECT_EQ(default_state_dir(environment({{"HOME", "/h"}})), "/h/.local/state/sanctum");
  EXPECT_EQ(default_state_dir(environment({{"HOME", "/h"}, {"XDG_STATE_HOME", "/x"}})),
            "/x/sanctum");
}

TEST_F(Certificates, ComeFromTheStateDirectoryForHttpsOnly) {
  EndpointOptions options;
  options.state_dir = state_;
  options.url = "https://h";
  const auto secure = resolve(options, environment({}));
  EXPECT_EQ(secure.authority, state_ + "/certs/ca.pem");
  EXPECT_EQ(secure.certificate, state_ + "/certs/client.pem");
  EXPECT_EQ(secure.key, state_ + "/certs/client.key");
  options.url = "http://h";
  EXPECT_EQ(resolve(options, environment({})).certificate, "");
}

TEST_F(Certificates, NamedOnesWinAndMustExist) {
  EndpointOptions options;
  options.state_dir = state_;
  options.url = "https://h";
  options.certificate = state_ + "/certs/ca.pem";
  EXPECT_THROW(resolve(options, environment({})), Error) << "a certificate without its key";
  options.key = state_ + "/certs/client.key";
  EXPECT_EQ(resolve(options, environment({})).certificate, state_ + "/certs/ca.pem");
  options.authority = state_ + "/missing.pem";
  EXPECT_THROW(resolve(options, environment({})), Error);
}

}  // namespace
}  // namespace sanctum::client
