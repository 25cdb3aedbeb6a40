#include "gateway/content_coding.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <vector>

namespace sanctum::gateway {
namespace {

std::string packed(const std::string& bytes) {
  z_stream stream{};
  EXPECT_EQ(::deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(::deflateBound(&stream, bytes.size()), '\0');
  std::vector<Bytef> in(bytes.begin(), bytes.end());
  stream.next_in = in.data();
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  ::deflateEnd(&stream);
  return out;
}

TEST(ContentCoding, NamesAreKnown) {
  for (const char* none : {"", "identity", " Identity "})
    EXPECT_EQ(content_coding(none), ContentCoding::kNone) << none;
  for (const char* gzip : {"gzip", "GZIP", " x-gzip"})
    EXPECT_EQ(content_coding(gzip), ContentCoding::kGzip) << gzip;
  for (const char* other : {"deflate", "br", "zstd", "gzip, gzip", "gzip,identity", "chunked"})
    EXPECT_EQ(content_coding(other), ContentCoding::kUnknown) << other;
}

TEST(ContentCoding, UnpacksMembersUpToTheLimitAndNoByteBeyond) {
  const std::string bytes(200'000, 'x');
  EXPECT_EQ(gunzip(packed(bytes), bytes.size()).bytes, bytes);
  EXPECT_EQ(gunzip(packed("ab") + packed("cd"), 4).bytes, "abcd");
  EXPECT_EQ(gunzip(packed(""), 0).status, 0);
  EXPECT_EQ(gunzip(packed(bytes), bytes.size() - 1).status, 413);
  EXPECT_EQ(gunzip(packed("ab") + packed("cd"), 3).status, 413);
}

TEST(ContentCoding, WhatIsNoGzipIsRefused) {
  const std::string good = packed("hello, hello, hello");
  std::string wrong_sum = good;
  wrong_sum[wrong_sum.size() - 6] ^= 1;
  for (const std::string& bad : {std::string(), std::string("{}"), good.substr(0, good.size() - 1),
                                 good.substr(0, 5), good + "tail", wrong_sum}) {
    const Decoded decoded = gunzip(bad, 1000);
    EXPECT_EQ(decoded.status, 400) << bad.size();
    EXPECT_TRUE(decoded.bytes.empty());
  }
}

}  // namespace
}  // namespace sanctum::gateway
