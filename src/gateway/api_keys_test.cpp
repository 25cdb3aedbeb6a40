#include "gateway/api_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/error.h"

namespace sanctum::gateway {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(ApiKeys, AreKeptAsTheirHashAndFoundByThemselves) {
  ApiKeys keys;
  const std::string mine = keys.add("mine", 1), yours = keys.add("yours", 2);
  EXPECT_NE(mine, yours);
  EXPECT_THAT(mine, testing::MatchesRegex("sk-sanctum-[A-Za-z0-9_-]{43}"));
  EXPECT_THAT(keys.encode(), Not(HasSubstr(mine.substr(11))));
  const ApiKeys again = ApiKeys::decode(keys.encode());
  EXPECT_EQ(again.find(mine), "mine");
  EXPECT_EQ(again.find(yours), "yours");
  for (const std::string& other : {std::string(), mine + "x", mine.substr(1), std::string("mine"),
                                   again.list().front().sha256})
    EXPECT_EQ(again.find(other), "") << other;
}

TEST(ApiKeys, AreRemovedByName) {
  ApiKeys keys;
  const std::string key = keys.add("mine", 1);
  keys.remove("mine");
  EXPECT_EQ(keys.find(key), "");
  EXPECT_THROW(keys.remove("mine"), Error);
}

// What was kept for the one who had it before is not the next one's.
TEST(ApiKeys, ANameThatIsGivenAgainIsAnotherKey) {
  ApiKeys keys;
  keys.add("mine", 1);
  const std::string before = keys.id_of("mine");
  keys.remove("mine");
  EXPECT_EQ(keys.id_of("mine"), "");
  keys.add("mine", 1);
  EXPECT_NE(keys.id_of("mine"), before);
}

TEST(ApiKeys, NamesAreBoundedUniqueAndNotOurs) {
  ApiKeys keys;
  keys.add("a.b_c-d@e", 1);
  for (const std::string& name :
       {std::string(), std::string("a b"), std::string("a\nb"), std::string("a.b_c-d@e"),
        std::string(kLocalKeyName), std::string(kKeyNameBytesMax + 1, 'x')})
    EXPECT_THROW(keys.add(name, 1), Error) << name;
  while (keys.list().size() < kKeysMax) keys.add("k" + std::to_string(keys.list().size()), 1);
  EXPECT_THROW(keys.add("more", 1), Error);
}

TEST(ApiKeys, ADamagedFileIsNoEmptyOne) {
  for (const char* text : {"", "{}", "{\"keys\":[{\"name\":\"a\"}]}", "[]",
                           R"({"keys":[{"name":"a","sha256":"00","created_unix_s":1}]})",
                           R"({"keys":[{"name":"a b","sha256":"","created_unix_s":1}]})"}) {
    try {
      ApiKeys::decode(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
    }
  }
}

TEST(ApiKeys, AreShownInThreeWays) {
  EXPECT_THAT(keys_shown({{"Authorization", "Bearer abc"}}), ElementsAre("abc"));
  EXPECT_THAT(keys_shown({{"authorization", "bearer  abc "}}), ElementsAre("abc"));
  EXPECT_THAT(keys_shown({{"Authorization", "Basic " + base64_encode("anybody:a:b")}}),
              ElementsAre("a:b"));
  EXPECT_THAT(keys_shown({{"X-API-Key", "abc"}}), ElementsAre("abc"));
  EXPECT_THAT(keys_shown({{"Authorization", "Bearer a"}, {"x-api-key", "b"}}),
              ElementsAre("a", "b"));
  for (const char* nothing : {"", "abc", "Basic abc", "Basic !", "Digest abc", "Bearer"})
    EXPECT_THAT(keys_shown({{"Authorization", nothing}}), IsEmpty()) << nothing;
}

TEST(ApiKeys, TheProbesSecretIsNobodysWithoutOne) {
  HttpRequest head;
  head.headers = {{"Sanctum-Probe", "s"}};
  EXPECT_TRUE(shows_secret(head, "s"));
  EXPECT_FALSE(shows_secret(head, "t"));
  EXPECT_FALSE(shows_secret({}, ""));
}

}  // namespace
}  // namespace sanctum::gateway
