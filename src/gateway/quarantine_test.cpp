#include "gateway/quarantine.h"

#include <gtest/gtest.h>

namespace sanctum::gateway {
namespace {

wire::GenerateRequest asking(const std::string& text) {
  wire::GenerateRequest request;
  request.request = "r";
  request.model = "m";
  request.prompt = text;
  return request;
}

TEST(Quarantine, KnowsARequestByWhatItAsks) {
  Quarantine quarantine;
  const Instant now = Instant() + std::chrono::hours(1);
  wire::GenerateRequest poison = asking("poison");
  EXPECT_FALSE(quarantine.holds(poison, now));
  poison.resume_ids = {1, 2};
  poison.sampling.seed = 7;
  quarantine.add(fingerprint(poison), now);
  wire::GenerateRequest again = asking("poison");
  again.request = "another";
  again.sampling.seed = 8;
  again.again = true;
  again.files = "as an engine named them";
  again.resume_ids = {1};
  EXPECT_TRUE(quarantine.holds(again, now));
  EXPECT_FALSE(quarantine.holds(asking("water"), now));
  EXPECT_FALSE(quarantine.holds(again, now + kQuarantine)) << "not forever";
}

TEST(Quarantine, HoldsSoManyAndNotMore) {
  Quarantine quarantine;
  const Instant now = Instant() + std::chrono::hours(1);
  for (std::size_t i = 0; i <= kQuarantinedMax; ++i)
    quarantine.add(fingerprint(asking(std::to_string(i))), now);
  EXPECT_FALSE(quarantine.holds(asking("0"), now));
  EXPECT_TRUE(quarantine.holds(asking("1"), now));
}

}  // namespace
}  // namespace sanctum::gateway
