#include "gateway/api_path.h"

#include <gtest/gtest.h>

#include <utility>

namespace sanctum::gateway {
namespace {

TEST(ApiPath, ClientsWriteOnePathInManyWays) {
  const std::pair<const char*, const char*> cases[] = {
      {"/v1/chat/completions", "/v1/chat/completions"},
      {"/chat/completions", "/v1/chat/completions"},
      {"//v1//chat/completions/", "/v1/chat/completions"},
      {"/v1/v1/models", "/v1/models"},
      {"/models", "/v1/models"},
      {"/models/org/name/", "/v1/models/org/name"},
      {"/v1/models/", "/v1/models"},
      {"/", "/"},
      {"//", "/"},
      {"", ""},
      {"/status", "/status"},
      {"/modelsx", "/modelsx"},
      {"/v1", "/v1"},
      {"*", "*"},
  };
  for (const auto& [told, meant] : cases) EXPECT_EQ(canonical_path(told), meant) << told;
}

}  // namespace
}  // namespace sanctum::gateway
