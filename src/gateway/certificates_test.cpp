#include "gateway/certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include "base/error.h"
#include "base/file.h"
#include "base/test_directory.h"
#include "gateway/certificate_list.h"
#include "gateway/certificate_names.h"
#include "gateway/device_certificate.h"
#include "gateway/x509.h"

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
  EXPECT_EQ(all[1].names, (std::vector<std::string>{"localhost", "127.0.0.1", "::1"}));

  const std::string before = read_file(directory + "/ca.pem");
  EXPECT_THROW(make_certificates(directory, false), Error);
  EXPECT_EQ(read_file(directory + "/ca.pem"), before);
  make_certificates(directory, true);
  EXPECT_NE(read_file(directory + "/ca.pem"), before);
}

// The files in the order in which they are written, and who is made of them.
constexpr const char* kWritten[] = {"ca.key",     "ca.pem",     "client.key",
                                    "client.pem", "server.key", "server.pem"};
constexpr const char* kWrittenBefore[] = {"ca.key", "server.key", "client.key",
                                          "ca.pem", "server.pem", "client.pem"};

bool serves_and_is_believed(const std::string& directory) {
  const auto run = [&](const std::string& arguments) {
    return std::system(("openssl " + arguments + " >/dev/null 2>&1").c_str()) == 0;
  };
  const std::string ca = "verify -CAfile " + directory + "/ca.pem ";
  const auto belongs = [&](const std::string& name) {
    return run("x509 -noout -pubkey -in " + directory + "/" + name + ".pem -out /dev/null") &&
           std::system(("[ \"$(openssl x509 -noout -pubkey -in " + directory + "/" + name +
                        ".pem)\" = \"$(openssl pkey -pubout -in " + directory + "/" + name +
                        ".key)\" ]")
                           .c_str()) == 0;
  };
  return run(ca + directory + "/server.pem") && run(ca + directory + "/client.pem") &&
         belongs("server") && belongs("client") && belongs("ca");
}

// They blocked every later start: the server said that it would not replace what was there.
TEST(Certificates, WhatACrashLeftOfThemIsCompleted) {
  const TestDirectory root;
  const std::string whole = root.path("whole");
  make_certificates(whole, false);
  int cases = 0;
  for (const auto& order : {kWritten, kWrittenBefore}) {
    for (std::size_t written = 0; written < std::size(kWritten); ++written) {
      const std::string directory = root.path("half" + std::to_string(cases++));
      std::filesystem::create_directories(directory);
      for (std::size_t i = 0; i < written; ++i)
        std::filesystem::copy(whole + "/" + order[i], directory + "/" + order[i]);
      const auto ready = ready_certificates(directory, {"127.0.0.1"});
      EXPECT_TRUE(ready.made) << written;
      EXPECT_TRUE(serves_and_is_believed(directory)) << written;
      EXPECT_FALSE(ready_certificates(directory, {"127.0.0.1"}).made) << "once is enough";
    }
  }
}

TEST(Certificates, APartThatCannotBeMadeAnewIsAnErrorThatSaysWhatToRun) {
  const TestDirectory root;
  const std::string directory = root.path("certs");
  make_certificates(directory, false);
  std::filesystem::remove(directory + "/ca.key");
  EXPECT_FALSE(ready_certificates(directory, {"127.0.0.1"}).made)
      << "whoever keeps the authority's key elsewhere serves well";
  std::filesystem::remove(directory + "/server.key");
  try {
    ready_certificates(directory, {"127.0.0.1"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
    EXPECT_THAT(error.what(), testing::HasSubstr("there is no ca.key, server.key"));
    EXPECT_THAT(error.what(), testing::HasSubstr("sanctum certs init --force"));
  }
}

std::string names_of(const std::string& directory) {
  const std::string told = directory + "/names";
  EXPECT_EQ(std::system(("openssl x509 -noout -ext subjectAltName -in " + directory +
                         "/server.pem >" + told)
                            .c_str()),
            0);
  return read_file(told);
}

// A listener that its certificate does not name is mistrusted by everybody, its own probe included.
TEST(Certificates, TheServersNamesTheAddressesThatItServes) {
  const TestDirectory root;
  const std::string directory = root.path("certs");
  ready_certificates(directory, {"127.0.0.2"});
  EXPECT_THAT(names_of(directory), testing::HasSubstr("IP Address:127.0.0.2"));
  const std::string again = root.path("again");
  ready_certificates(again, {"127.0.0.1"});
  EXPECT_EQ(describe_certificates(again)[1].names.size(), 3u) << "each name once";
  const std::string key = read_file(directory + "/server.key"),
                    authority = read_file(directory + "/ca.pem");

  const auto ready = ready_certificates(directory, {"192.168.7.9", "fd00::5%eth0", "0.0.0.0"});
  EXPECT_EQ(ready.added, (std::vector<std::string>{"192.168.7.9", "fd00::5"}));
  EXPECT_FALSE(ready.made);
  renew_server(directory, {"gpu.example"});
  EXPECT_THAT(names_of(directory),
              testing::HasSubstr("DNS:localhost, IP Address:127.0.0.1, IP "
                                 "Address:0:0:0:0:0:0:0:1, IP Address:127.0.0.2, IP "
                                 "Address:192.168.7.9, IP Address:FD00:0:0:0:0:0:0:5, "
                                 "DNS:gpu.example"));
  EXPECT_TRUE(serves_and_is_believed(directory));
  EXPECT_EQ(read_file(directory + "/server.key"), key);
  EXPECT_EQ(read_file(directory + "/ca.pem"), authority) << "clients go on as they were";
  EXPECT_TRUE(ready_certificates(directory, {"192.168.7.9"}).added.empty());

  std::filesystem::remove(directory + "/ca.key");
  const auto lacks = ready_certificates(directory, {"10.0.0.1"});
  EXPECT_EQ(lacks.lacking, std::vector<std::string>{"10.0.0.1"});
  EXPECT_TRUE(lacks.added.empty());
  EXPECT_THROW(renew_server(directory, {"10.0.0.1"}), Error);
  EXPECT_THROW(make_certificates(directory, true, {"a,DNS:b"}), Error);
}

TEST(Certificates, SoManyNamesAndNoMore) {
  const TestDirectory root;
  const std::string directory = root.path("certs");
  std::vector<std::string> many;
  many.reserve(kServerNamesMax);
  many.reserve(kServerNamesMax);
  for (std::size_t i = 0; i < kServerNamesMax; ++i) many.push_back("10.0.0." + std::to_string(i));
  ready_certificates(directory, {"127.0.0.1"});
  const auto ready = ready_certificates(directory, many);
  EXPECT_EQ(ready.added.size(), kServerNamesMax - 3);
  EXPECT_EQ(ready.lacking, (std::vector<std::string>{"10.0.0.61", "10.0.0.62", "10.0.0.63"}));
  EXPECT_TRUE(serves_and_is_believed(directory));
  std::vector<std::string> given(many.begin(), many.end() - 3);
  renew_server(directory, given);
  try {
    renew_server(directory, {"10.0.1.1"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.field(), "name");
    EXPECT_THAT(error.what(), testing::HasSubstr("65 names, and 64 is the most"));
  }
  EXPECT_THROW(make_certificates(root.path("more"), false, many), Error);
}

// A machine with many networks could not start at all.
TEST(Certificates, TheFirstAreMadeWithAsManyNamesAsThereIsRoomFor) {
  const TestDirectory root;
  const std::string directory = root.path("certs");
  std::vector<std::string> many;
  many.reserve(kServerNamesMax);
  for (std::size_t i = 0; i < kServerNamesMax; ++i) many.push_back("10.0.0." + std::to_string(i));
  const auto ready = ready_certificates(directory, many);
  EXPECT_TRUE(ready.made);
  EXPECT_EQ(ready.lacking, (std::vector<std::string>{"10.0.0.61", "10.0.0.62", "10.0.0.63"}));
  EXPECT_EQ(describe_certificates(directory)[1].names.size(), kServerNamesMax);
  std::filesystem::remove(directory + "/server.pem");
  EXPECT_TRUE(ready_certificates(directory, many).made);
  EXPECT_TRUE(serves_and_is_believed(directory));
}

// Each container has another host name, and each day another address.
TEST(Certificates, NamesThatHoldNoMoreAreDroppedAndGivenOnesAreNot) {
  const TestDirectory root;
  const std::string directory = root.path("certs");
  const auto names = [&] { return describe_certificates(directory)[1].names; };
  make_certificates(directory, false, {"192.0.2.1", "GPU.example"});
  ready_certificates(directory, {"192.168.7.5", "former-container"});
  renew_server(directory, {"router.example"});
  EXPECT_THAT(names(), testing::IsSupersetOf({"192.168.7.5", "former-container"}));

  const auto is_now = [](const std::string& name) { return name == "192.168.7.6"; };
  EXPECT_TRUE(ready_certificates(directory, {"192.0.2.1"}, is_now).dropped.empty())
      << "nothing is written for that alone";
  const auto ready = ready_certificates(directory, {"192.168.7.6"}, is_now);
  EXPECT_EQ(ready.added, std::vector<std::string>{"192.168.7.6"});
  EXPECT_EQ(ready.dropped, (std::vector<std::string>{"192.168.7.5", "former-container"}));
  const std::vector<std::string> now{"localhost",   "127.0.0.1",      "::1",        "192.0.2.1",
                                     "gpu.example", "router.example", "192.168.7.6"};
  EXPECT_EQ(names(), now);
  renew_server(directory, {}, is_now);
  EXPECT_EQ(names(), now);
  EXPECT_TRUE(serves_and_is_believed(directory));

  // However many there were, there is room for those that hold.
  std::vector<std::string> many;
  many.reserve(kServerNamesMax);
  for (std::size_t i = 0; i < kServerNamesMax; ++i) many.push_back("10.0.0." + std::to_string(i));
  ready_certificates(directory, many);
  EXPECT_EQ(names().size(), kServerNamesMax);
  EXPECT_TRUE(ready_certificates(directory, {"10.9.9.9"}).lacking.empty());
  EXPECT_THAT(names(), testing::IsSupersetOf({"10.9.9.9", "router.example"}));
}

// Another certificate for the pair's key, all the same but that it ends so soon.
void make_end_in(const std::string& directory, const std::string& name, int days) {
  const std::string path = directory + "/" + name;
  const std::string issue = "openssl x509 -x509toreq -in " + path + ".pem -signkey " + path +
                            ".key -copy_extensions copyall -out " + path +
                            ".csr && openssl x509 -req -in " + path + ".csr -CA " + directory +
                            "/ca.pem -CAkey " + directory +
                            "/ca.key -copy_extensions copyall -days " + std::to_string(days) +
                            " -out " + path + ".pem 2>/dev/null";
  ASSERT_EQ(std::system(issue.c_str()), 0) << issue;
}

std::chrono::days left(const std::string& path) {
  const auto info = describe_certificate(path, certificate_in(path).get(), "");
  return std::chrono::round<std::chrono::days>(info.end - now_in_seconds());
}

TEST(Certificates, WhatEndsSoonIsMadeAnewAtAStart) {
  const TestDirectory root;
  const std::string directory = root.path("certs");
  ready_certificates(directory, {"192.168.7.9"});
  const std::string key = read_file(directory + "/server.key"),
                    authority = read_file(directory + "/ca.pem");
  EXPECT_TRUE(ready_certificates(directory, {}).renewed.empty());
  make_end_in(directory, "server", 29);
  make_end_in(directory, "client", 0);
  const auto ready = ready_certificates(directory, {"192.168.7.9"});
  ASSERT_EQ(ready.renewed.size(), 2u);
  EXPECT_EQ(ready.renewed[0].path, directory + "/server.pem");
  EXPECT_EQ(ready.renewed[1].path, directory + "/client.pem");
  EXPECT_TRUE(ready.expiring.empty());
  EXPECT_EQ(left(directory + "/server.pem").count(), kCertificateDays);
  EXPECT_EQ(left(directory + "/client.pem").count(), kCertificateDays);
  EXPECT_TRUE(serves_and_is_believed(directory));
  EXPECT_THAT(names_of(directory), testing::HasSubstr("192.168.7.9"));
  EXPECT_EQ(read_file(directory + "/server.key"), key);
  EXPECT_EQ(read_file(directory + "/ca.pem"), authority) << "clients go on as they were";
}

// What is said of the first that expires.
std::string told(const CertificatesReady& ready) {
  return ready.expiring.empty() ? "" : validity(ready.expiring[0], now_in_seconds());
}

TEST(Certificates, WhatEndsSoonAndIsNotOursIsTold) {
  const TestDirectory root;
  const std::string directory = root.path("certs");
  make_certificates(directory, false);
  make_end_in(directory, "server", 3);
  std::filesystem::remove(directory + "/ca.key");
  const auto ready = ready_certificates(directory, {"127.0.0.1"});
  EXPECT_TRUE(ready.renewed.empty());
  ASSERT_EQ(ready.expiring.size(), 1u);
  EXPECT_THAT(told(ready), testing::EndsWith(" days left): who made it has to make another"));
  EXPECT_TRUE(ready.troubles.empty());
  EXPECT_THROW(renew_server(directory), Error);
}

// Another server's certificate would end at the same moment.
TEST(Certificates, WhatEndsWithItsAuthorityIsTold) {
  const TestDirectory root;
  const std::string directory = root.path("certs");
  make_certificates(directory, false);
  ASSERT_EQ(std::system(("openssl x509 -in " + directory + "/ca.pem -signkey " + directory +
                         "/ca.key -days 20 -out " + directory + "/short.pem 2>/dev/null && mv " +
                         directory + "/short.pem " + directory + "/ca.pem")
                            .c_str()),
            0);
  renew_server(directory);
  const auto ready = ready_certificates(directory, {});
  ASSERT_EQ(ready.expiring.size(), 2u);
  EXPECT_THAT(told(ready), testing::EndsWith("`sanctum certs init --force` makes another"));
  EXPECT_THAT(validity(ready.expiring[1], now_in_seconds()),
              testing::HasSubstr("it ends with its authority: `sanctum certs init --force` makes "
                                 "both anew"));
}

// While what it makes is no longer than so many bytes.
class FilesNoLongerThan {
 public:
  explicit FilesNoLongerThan(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FilesNoLongerThan() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

// A full disk, another address and a crash at night were no server in the morning.
TEST(Certificates, WhatCannotBeWrittenServesAsItIs) {
  const TestDirectory root;
  const std::string directory = root.path("certs");
  make_certificates(directory, false);
  make_end_in(directory, "server", 3);
  const std::string server = read_file(directory + "/server.pem");
  CertificatesReady ready;
  {
    const FilesNoLongerThan full(0);
    ready = ready_certificates(directory, {"192.168.7.9"});
  }
  EXPECT_EQ(ready.lacking, std::vector<std::string>{"192.168.7.9"});
  EXPECT_TRUE(ready.added.empty());
  EXPECT_TRUE(ready.renewed.empty());
  EXPECT_THAT(told(ready), testing::EndsWith("`sanctum certs server` makes another"));
  ASSERT_EQ(ready.troubles.size(), 1u);
  EXPECT_THAT(ready.troubles[0], testing::HasSubstr("server.pem"));
  EXPECT_EQ(read_file(directory + "/server.pem"), server);

  std::filesystem::rename(directory + "/ca.key", directory + "/key");
  std::filesystem::create_directory(directory + "/ca.key");  // as one that may not be read
  ready = ready_certificates(directory, {"192.168.7.9"});
  EXPECT_EQ(ready.lacking, std::vector<std::string>{"192.168.7.9"});
  EXPECT_EQ(ready.expiring.size(), 1u);
  EXPECT_THAT(ready.troubles, testing::ElementsAre(testing::HasSubstr("ca.key is not a regular")));
  std::filesystem::remove(directory + "/server.key");
  EXPECT_THROW(ready_certificates(directory, {}), Error) << "nobody can serve with what is left";
}

// Devices were listed as valid, and each was refused.
TEST(CertificateList, SaysWhoIsNoLongerLetIn) {
  const TestDirectory root;
  const std::string directory = root.path("certs");
  make_certificates(directory, false);
  export_certificate(directory, "phone");
  write_file_atomically(directory + "/devices/junk.pem", "junk");
  auto all = describe_certificates(directory);
  ASSERT_EQ(all.size(), 5u);
  EXPECT_THAT(validity(all[3], now_in_seconds()),
              testing::EndsWith("junk.pem is no certificate in PEM form"));
  EXPECT_THAT(validity(all[4], now_in_seconds()), testing::StartsWith("valid until"));
  make_certificates(directory, true);
  all = describe_certificates(directory);
  EXPECT_EQ(validity(all[4], now_in_seconds()),
            "of another authority than ca.pem: no longer let in: `sanctum certs export --name "
            "phone` makes another");
}

// Each of them lets clients in.
TEST(CertificateList, OfSeveralAuthoritiesTheLastToEndCounts) {
  const TestDirectory root;
  const std::string directory = root.path("certs"), other = root.path("other");
  make_certificates(directory, false);
  make_certificates(other, false);
  const std::string good = read_file(directory + "/ca.pem");
  ASSERT_EQ(std::system(("openssl x509 -in " + other + "/ca.pem -signkey " + other +
                         "/ca.key -days 0 -out " + directory + "/old.pem 2>/dev/null")
                            .c_str()),
            0);
  write_file_atomically(directory + "/ca.pem", read_file(directory + "/old.pem") + good);
  EXPECT_FALSE(expires_soon(describe_own(directory, kOwnAuthority), now_in_seconds()));
  EXPECT_TRUE(ready_certificates(directory, {}).expiring.empty());
}

// Apple's systems take no server's certificate that is valid for longer.
TEST(Certificates, TheServersIsValidForNoMoreThan825Days) {
  const TestDirectory root;
  const std::string directory = root.path("certs");
  make_certificates(directory, false);
  EXPECT_EQ(left(directory + "/server.pem").count(), kCertificateDays);
  EXPECT_EQ(left(directory + "/ca.pem").count(), kAuthorityDays);
  static_assert(kCertificateDays < 825, "they begin an hour before they are made");
}

TEST(CertificateInfo, ValidityIsSaidInWords) {
  using std::chrono::days;
  CertificateInfo info;
  info.end = std::chrono::sys_days(std::chrono::year(2029) / 3 / 1);
  info.advice = "`sanctum certs server` makes another";
  EXPECT_EQ(validity(info, info.end - days(824)), "valid until 2029-03-01 (824 days left)");
  EXPECT_EQ(validity(info, info.end - kExpiresSoon), "valid until 2029-03-01 (30 days left)");
  EXPECT_EQ(validity(info, info.end - days(30) + std::chrono::seconds(1)),
            "valid until 2029-03-01 (29 days left): `sanctum certs server` makes another");
  EXPECT_EQ(validity(info, info.end - days(1)),
            "valid until 2029-03-01 (1 day left): `sanctum certs server` makes another");
  EXPECT_EQ(validity(info, info.end),
            "EXPIRED on 2029-03-01 (0 days ago): `sanctum certs server` makes another");
  EXPECT_EQ(validity(info, info.end + days(1)),
            "EXPIRED on 2029-03-01 (1 day ago): `sanctum certs server` makes another");
}

TEST(CertificateInfo, AShortLifeIsNoAlarmUntilItsLastTenth) {
  using std::chrono::days;
  using std::chrono::hours;
  CertificateInfo info;
  info.begin = std::chrono::sys_days(std::chrono::year(2029) / 3 / 1);
  info.end = info.begin + days(820);
  EXPECT_FALSE(expires_now(info, info.end - days(7)));
  EXPECT_TRUE(expires_now(info, info.end - days(7) + hours(1)));
  info.end = info.begin + hours(20);
  EXPECT_FALSE(expires_now(info, info.end - hours(2)));
  EXPECT_TRUE(expires_now(info, info.end - hours(1)));
  EXPECT_TRUE(expires_now(info, info.end));
}

}  // namespace
}  // namespace sanctum::gateway
