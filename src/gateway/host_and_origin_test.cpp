#include "gateway/host_and_origin.h"

#include <gtest/gtest.h>

namespace sanctum::gateway {
namespace {

TEST(Authority, IsReadAsBrowsersAndProxiesWriteIt) {
  EXPECT_EQ(parse_authority("localhost"), (Authority{"localhost", {}, false, false}));
  EXPECT_EQ(parse_authority("LocalHost.:1338"), (Authority{"localhost", 1338, false, false}));
  EXPECT_EQ(parse_authority("127.0.0.1:1338"), (Authority{"127.0.0.1", 1338, true, true}));
  EXPECT_EQ(parse_authority("127.8.9.1")->is_loopback, true);
  EXPECT_EQ(parse_authority("10.0.0.1"), (Authority{"10.0.0.1", {}, true, false}));
  EXPECT_EQ(parse_authority("[::1]:80"), (Authority{"::1", 80, true, true}));
  EXPECT_EQ(parse_authority("[0:0::1]"), (Authority{"::1", {}, true, true}));
  EXPECT_EQ(parse_authority("[::FFFF:127.0.0.1]:1"), (Authority{"127.0.0.1", 1, true, true}));
  EXPECT_EQ(parse_authority("host:"), (Authority{"host", {}, false, false}));
  EXPECT_EQ(parse_authority("xn--bcher-kva.example")->host, "xn--bcher-kva.example");
}

TEST(Authority, WhatIsNoneIsRefused) {
  for (const char* text : {"",
                           ".",
                           ":80",
                           "a b",
                           "a/b",
                           "user@localhost",
                           "localhost@evil.example",
                           "::1",
                           "[::1",
                           "[::1]80",
                           "[127.0.0.1]",
                           "[localhost]",
                           "h:65536",
                           "h:-1",
                           "h:1x",
                           "h:1:2",
                           "b\xc3\xbc",
                           "localhost,evil.example",
                           "[fe80::1%25eth0]",
                           "h?x",
                           "h#x"})
    EXPECT_FALSE(parse_authority(text)) << text;
  EXPECT_FALSE(parse_authority(std::string(300, 'a')));
}

TEST(Origin, IsSchemeAndAuthorityWithoutThePortItHasAnyway) {
  EXPECT_EQ(parse_origin("HTTPS://App.Example:443"), parse_origin("https://app.example"));
  EXPECT_EQ(parse_origin("http://h:80"), parse_origin("http://h"));
  EXPECT_NE(parse_origin("http://h:443"), parse_origin("http://h"));
  EXPECT_NE(parse_origin("http://h"), parse_origin("https://h"));
  EXPECT_EQ(parse_origin("chrome-extension://abc")->scheme, "chrome-extension");
  for (const char* text : {"", "null", "h", "://h", "http://", "http://h/", "http://h/x", "9://h"})
    EXPECT_FALSE(parse_origin(text)) << text;
}

}  // namespace
}  // namespace sanctum::gateway
