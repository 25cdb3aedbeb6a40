#include "base/nearest.h"

#include <gtest/gtest.h>

#include <vector>

namespace sanctum {
namespace {

const std::vector<std::string> kWords{"kv_bytes", "kv_type", "queue", "listen", "mtls_listen"};

TEST(Nearest, CountsSlips) {
  EXPECT_EQ(distance_between("listen", "listen"), 0u);
  EXPECT_EQ(distance_between("lisen", "listen"), 1u);
  EXPECT_EQ(distance_between("listne", "listen"), 1u) << "two neighbours swapped are one slip";
  EXPECT_EQ(distance_between("", "abc"), 3u);
  EXPECT_EQ(distance_between("KV-Bytes", "kv_bytes"), 0u);
}

TEST(Nearest, FindsWhatWasMeant) {
  EXPECT_EQ(nearest("kv_typ", kWords), "kv_type");
  EXPECT_EQ(nearest("lsiten", kWords), "listen");
  EXPECT_EQ(nearest("kv-byte", kWords), "kv_bytes");
  EXPECT_EQ(did_you_mean("queu", kWords), "; did you mean 'queue'?");
  EXPECT_EQ(did_you_mean("queu", kWords, "see there"), "; did you mean 'queue'? see there");
}

TEST(Nearest, GuessesNothingFarFetched) {
  EXPECT_EQ(nearest("temperature", kWords), "");
  EXPECT_EQ(nearest("kv", kWords), "");
  EXPECT_EQ(nearest("", kWords), "");
  EXPECT_EQ(nearest(std::string(1 << 20, 'x'), kWords), "");
  EXPECT_EQ(did_you_mean("temperature", kWords), "");
  EXPECT_EQ(did_you_mean("temperature", kWords, "see there"), "; see there");
}

}  // namespace
}  // namespace sanctum
