#include "hub/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sanctum::hub {
namespace {

using testing::HasSubstr;

TEST(Address, PathsAreEncodedAsTheHubWantsThem) {
  EXPECT_EQ(list_url("https://hub", "org/name", "feature/x"),
            "https://hub/api/models/org/name/revision/feature%2Fx?blobs=true");
  EXPECT_EQ(file_url("https://hub", "org/name", "abc", "a dir/b?#%.json"),
            "https://hub/org/name/resolve/abc/a%20dir/b%3F%23%25.json");
}

TEST(Address, AnOriginIsSchemeHostAndPort) {
  EXPECT_EQ(origin_of("https://Hub/x"), origin_of("https://hub:443/y?z"));
  EXPECT_NE(origin_of("https://hub/x"), origin_of("http://hub/x"));
  EXPECT_NE(origin_of("http://127.0.0.1:1/x"), origin_of("http://127.0.0.1:2/x"));
  EXPECT_NE(origin_of("https://hub/x"), origin_of("https://hub.evil/x"));
  EXPECT_NE(origin_of("https://hub/x"), origin_of("https://hub@evil/x"));
  EXPECT_EQ(origin_of("nonsense://").host, "");
}

TEST(Address, RedirectsAreFollowedWithinRules) {
  EXPECT_EQ(redirect_refusal("https://hub/a", "https://cdn/b", 0), "");
  EXPECT_EQ(redirect_refusal("http://hub/a", "https://hub/b", kRedirectsMax - 1), "");
  EXPECT_THAT(redirect_refusal("https://hub/a", "http://cdn/b", 0), HasSubstr("https to http"));
  EXPECT_THAT(redirect_refusal("http://hub/a", "file:///etc/passwd", 0), HasSubstr("no http"));
  EXPECT_THAT(redirect_refusal("https://hub/a", "https://hub/b", kRedirectsMax),
              HasSubstr("more than 5 times"));
}

}  // namespace
}  // namespace sanctum::hub
