#include "gateway/tls_refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "gateway/wrong_port.h"

namespace sanctum::gateway {
namespace {

using testing::HasSubstr;

std::string told(int reason, long verified = X509_V_OK) {
  return tls_refusal(ERR_PACK(ERR_LIB_SSL, 0, reason), verified);
}

TEST(TlsRefusal, SaysWhatToDo) {
  EXPECT_THAT(told(SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE),
              HasSubstr("no client certificate was shown: give client.pem and client.key"));
  EXPECT_THAT(told(SSL_R_TLSV1_ALERT_UNKNOWN_CA),
              HasSubstr("does not trust our certificate: give"));
  EXPECT_THAT(
      told(SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED),
      HasSubstr("our certificate has expired, or its clock is wrong: `sanctum certs server` "
                "makes another, `sanctum restart` takes it"));
  EXPECT_THAT(told(SSL_R_UNSUPPORTED_PROTOCOL), HasSubstr("no TLS of version 1.2 or later"));
  EXPECT_THAT(told(SSL_R_NO_SHARED_CIPHER), HasSubstr("no cipher that we allow"));
  EXPECT_EQ(told(SSL_R_WRONG_VERSION_NUMBER), "what it sent is no TLS");
  ::OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, nullptr);
  EXPECT_EQ(told(SSL_R_BAD_LENGTH), "the handshake failed: bad length");
}

TEST(TlsRefusal, OfACertificateSaysWhatIsWrongWithIt) {
  const auto verified = [](long result) { return told(SSL_R_CERTIFICATE_VERIFY_FAILED, result); };
  EXPECT_THAT(verified(X509_V_ERR_CERT_HAS_EXPIRED),
              HasSubstr("has expired: `sanctum certs show`"));
  EXPECT_THAT(verified(X509_V_ERR_CERT_NOT_YET_VALID), HasSubstr("set the clocks"));
  EXPECT_THAT(verified(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY),
              HasSubstr("of another authority than our ca.pem"));
  EXPECT_THAT(verified(X509_V_ERR_INVALID_PURPOSE), HasSubstr("not one for clients"));
  EXPECT_EQ(verified(X509_V_ERR_CERT_REVOKED),
            "its certificate does not hold: certificate revoked");
}

TEST(WrongPort, IsToldByTheFirstByte) {
  EXPECT_TRUE(begins_tls("\x16\x03\x01"));
  EXPECT_TRUE(begins_http("GET /"));
  EXPECT_TRUE(begins_http("p"));
  for (const char* neither : {"", "\r\n", "\x80\x2e"}) {
    EXPECT_FALSE(begins_tls(neither));
    EXPECT_FALSE(begins_http(neither));
  }
}

TEST(WrongPort, TheAnswerNamesTheRightOne) {
  Peer peer;
  peer.local = "[::1]:1337";
  peer.address = "[::1]:40000";
  const auto plain = plain_at_tls_port(peer, "127.0.0.1:1338");
  EXPECT_EQ(plain.status, 400);
  EXPECT_THAT(plain.error->message, HasSubstr("ask https://[::1]:1337 with a client certificate"));
  EXPECT_THAT(plain.error->message, HasSubstr("plain HTTP is on http://127.0.0.1:1338"));
  EXPECT_THAT(plain_at_tls_port(peer, "").error->message, testing::Not(HasSubstr("http://")));
  EXPECT_THAT(plain_at_tls_port(peer, "[::]:1338").error->message,
              HasSubstr("plain HTTP is on http://[::1]:1338"));
  EXPECT_THAT(tls_at_plain_port(peer).error->message, HasSubstr("ask http://[::1]:1337"));
}

// "http://127.0.0.1:1338" is the phone's own, to a phone.
TEST(WrongPort, WhoIsElsewhereIsToldWhatItReaches) {
  Peer phone;
  phone.address = "192.168.7.20:40000";
  phone.local = "192.168.7.5:1337";
  const auto told = [&](const std::string& plain) {
    return plain_at_tls_port(phone, plain).error->message;
  };
  for (const char* not_there : {"127.0.0.1:1338", "[::1]:1338", "10.0.0.1:1338", "nonsense"})
    EXPECT_THAT(told(not_there), testing::Not(HasSubstr("plain HTTP is on"))) << not_there;
  for (const char* there : {"0.0.0.0:1338", "[::]:1338", "192.168.7.5:1338"})
    EXPECT_THAT(told(there), testing::EndsWith("plain HTTP is on http://192.168.7.5:1338"));
  phone.local = "[2001:db8::5]:1337";
  EXPECT_THAT(told("[::]:1338"), testing::EndsWith("plain HTTP is on http://[2001:db8::5]:1338"));
  EXPECT_THAT(told("0.0.0.0:1338"), testing::Not(HasSubstr("plain HTTP is on")));
}

}  // namespace
}  // namespace sanctum::gateway
