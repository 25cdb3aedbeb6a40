#include "client/local_key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/test_directory.h"

namespace sanctum::client {
namespace {

TEST(LocalKey, IsKeptForItsOwnerAlone) {
  const TestDirectory directory;
  EXPECT_FALSE(read_local_key(directory.path()));
  write_local_key(directory.path(), {"k", "127.0.0.1:1"});
  EXPECT_EQ(read_local_key(directory.path())->key, "k");
  struct stat status{};
  ASSERT_EQ(::stat(directory.path("local_key.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  directory.write("local_key.json", "{\"key\":");
  EXPECT_FALSE(read_local_key(directory.path()));
}

TEST(LocalKey, IsShownToItsOwnServerOnly) {
  const LocalKey loopback{"k", "127.0.0.1:1338"};
  for (const char* url : {"http://127.0.0.1:1338", "http://localhost:1338", "http://[::1]:1338",
                          "http://127.0.0.1:1338/prefix"})
    EXPECT_TRUE(is_for(loopback, url)) << url;
  for (const char* url : {"http://127.0.0.1:1339", "http://127.0.0.1", "http://example.org:1338",
                          "https://127.0.0.1:1338", "http://127.0.0.1:1338@example.org",
                          "http://192.168.0.1:1338", "http://127.0.0.1:1338@example.org:1338",
                          "http://localhost.example.org:1338", "http://127.example.org:1338"})
    EXPECT_FALSE(is_for(loopback, url)) << url;
  EXPECT_TRUE(is_for({"k", "0.0.0.0:1"}, "http://localhost:1"));
  EXPECT_FALSE(is_for({"k", "0.0.0.0:1"}, "http://192.168.0.1:1"));
  EXPECT_FALSE(is_for({"k", "192.168.0.1:1"}, "http://127.0.0.1:1"));
  EXPECT_TRUE(is_for({"k", "192.168.0.1:1"}, "http://192.168.0.1:1"));
  EXPECT_FALSE(is_for({"k", ""}, "http://127.0.0.1"));
}

}  // namespace
}  // namespace sanctum::client
