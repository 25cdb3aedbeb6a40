#include "gateway/certificates.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/test_directory.h"

namespace sanctum::gateway {
namespace {

TEST(Certificates, AreMadeOnceAndKeptPrivate) {
  const TestDirectory root;
  const std::string directory = root.path("certs");
  EXPECT_FALSE(have_certificates(directory));
  EXPECT_THROW(describe_certificates(directory), Error);
  make_certificates(directory, false);
  EXPECT_TRUE(have_certificates(directory));
  for (const char* name :
       {"ca.pem", "ca.key", "server.pem", "server.key", "client.pem", "client.key"}) {
    struct stat status{};
    ASSERT_EQ(::stat((directory + "/" + name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 0777, 0600u) << name;
  }
  const auto all = describe_certificates(directory);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].subject, "CN=Sanctum local CA");
  EXPECT_EQ(all[2].sha256.size(), 64u);
  EXPECT_FALSE(all[1].expired);

  const std::string before = read_file(directory + "/ca.pem");
  EXPECT_THROW(make_certificates(directory, false), Error);
  EXPECT_EQ(read_file(directory + "/ca.pem"), before);
  make_certificates(directory, true);
  EXPECT_NE(read_file(directory + "/ca.pem"), before);
}

}  // namespace
}  // namespace sanctum::gateway
