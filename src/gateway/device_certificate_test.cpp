// What is exported, read by OpenSSL's own tool.
#include "gateway/device_certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/test_directory.h"
#include "gateway/certificate_list.h"
#include "gateway/certificates.h"
#include "gateway/pkcs12.h"

namespace sanctum::gateway {
namespace {

using testing::HasSubstr;
using testing::Not;

class DeviceCertificateTest : public testing::Test {
 protected:
  DeviceCertificateTest() : directory_(root_.path("certs")) {
    make_certificates(directory_, false);
  }

  // What `openssl pkcs12` says of it; empty when it cannot be read.
  std::string read_bundle(const std::string& path, const std::string& pass_phrase) {
    const std::string told = root_.path("told");
    const std::string command = "openssl pkcs12 -in " + path +
                                " -info -nodes -passin pass:" + pass_phrase + " >" + told + " 2>&1";
    return std::system(command.c_str()) == 0 ? read_file(told) : std::string();
  }

  unsigned mode_of(const std::string& path) {
    struct stat status{};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777;
  }

  const TestDirectory root_;
  const std::string directory_;
};

TEST_F(DeviceCertificateTest, TheClientsIsExportedAsEverybodyReadsIt) {
  const auto exported = export_certificate(directory_, "");
  EXPECT_EQ(exported.bundle, directory_ + "/client.p12");
  EXPECT_FALSE(exported.made);
  EXPECT_EQ(mode_of(exported.bundle), 0600u);
  const std::string told = read_bundle(exported.bundle, exported.pass_phrase);
  EXPECT_THAT(told, HasSubstr("MAC: sha1, Iteration 2048"));
  EXPECT_THAT(told, HasSubstr("Shrouded Keybag: pbeWithSHA1And3-KeyTripleDES-CBC"));
  EXPECT_THAT(told, HasSubstr("PKCS7 Encrypted data: pbeWithSHA1And3-KeyTripleDES-CBC"));
  EXPECT_THAT(told, HasSubstr("friendlyName: Sanctum sanctum-client"));
  EXPECT_THAT(told, HasSubstr("subject=CN = sanctum-client"));
  EXPECT_THAT(told, HasSubstr("subject=CN = Sanctum local CA"));
  EXPECT_EQ(read_bundle(exported.bundle, "another"), "");
}

TEST_F(DeviceCertificateTest, ADeviceHasACertificateOfItsOwnAndKeepsIt) {
  const std::string client = read_file(directory_ + "/client.pem");
  const auto first = export_certificate(directory_, "phone");
  EXPECT_TRUE(first.made);
  EXPECT_EQ(first.bundle, directory_ + "/devices/phone.p12");
  EXPECT_EQ(mode_of(directory_ + "/devices"), 0700u);
  for (const auto& path : {first.bundle, first.certificate, first.key})
    EXPECT_EQ(mode_of(path), 0600u);
  EXPECT_THAT(read_bundle(first.bundle, first.pass_phrase), HasSubstr("subject=CN = phone"));
  const std::string certificate = read_file(first.certificate);
  const auto again = export_certificate(directory_, "phone");
  EXPECT_FALSE(again.made);
  EXPECT_NE(again.pass_phrase, first.pass_phrase);
  EXPECT_EQ(read_file(again.certificate), certificate);
  EXPECT_EQ(read_bundle(again.bundle, first.pass_phrase), "");
  EXPECT_EQ(read_file(directory_ + "/client.pem"), client);

  const auto all = describe_certificates(directory_);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[3].subject, "CN=phone");
  EXPECT_EQ(all[3].advice, "`sanctum certs export --name phone` makes another");

  make_certificates(directory_, true);
  EXPECT_TRUE(export_certificate(directory_, "phone").made) << "the authority is another";
}

TEST_F(DeviceCertificateTest, WhatIsWrongIsSaid) {
  const auto told = [&](const std::string& name) -> std::string {
    try {
      export_certificate(directory_, name);
    } catch (const Error& error) {
      return error.what();
    }
    return "done";
  };
  for (const char* name : {"../ca", "-x", ".x", "a b", "a/b", "anna,O=x"})
    EXPECT_THAT(told(name), HasSubstr("a device's name is up to 64 letters")) << name;
  EXPECT_THAT(told(std::string(65, 'a')), HasSubstr("a device's name is up to 64 letters"));
  EXPECT_EQ(told(std::string(64, 'a')), "done");
  EXPECT_EQ(told("phone"), "done");
  std::filesystem::remove(directory_ + "/ca.key");
  EXPECT_EQ(told("phone"), "done") << "it is there already";
  EXPECT_THAT(told("laptop"), HasSubstr("no ca.pem with its ca.key"));
  EXPECT_EQ(told(""), "done");
  std::filesystem::remove(directory_ + "/client.key");
  EXPECT_THAT(told(""), HasSubstr("no client.pem with its client.key"));
}

TEST(PassPhrase, IsRandomAndCanBeTyped) {
  std::set<std::string> seen;
  std::string all;
  for (int i = 0; i < 200; ++i) {
    const std::string phrase = new_pass_phrase();
    EXPECT_THAT(phrase, testing::MatchesRegex("[a-z2-9]+-[a-z2-9]+-[a-z2-9]+-[a-z2-9]+"));
    EXPECT_EQ(phrase.size(), 23u);
    EXPECT_TRUE(seen.insert(phrase).second);
    all += phrase;
  }
  EXPECT_THAT(all, Not(testing::ContainsRegex("[ilo01]")));
  EXPECT_EQ(std::set<char>(all.begin(), all.end()).size(), 32u) << "every letter, and the hyphen";
}

}  // namespace
}  // namespace sanctum::gateway
