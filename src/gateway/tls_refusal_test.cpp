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
  const auto plain = plain_at_tls_port(peer, "127.0.0.1:1338");
  EXPECT_EQ(plain.status, 400);
  EXPECT_THAT(plain.error->message, HasSubstr("ask https://[::1]:1337 with a client certificate"));
  EXPECT_THAT(plain.error->message, HasSubstr("plain HTTP is on http://127.0.0.1:1338"));
  EXPECT_THAT(plain_at_tls_port(peer, "").error->message, testing::Not(HasSubstr("http://")));
  EXPECT_THAT(tls_at_plain_port(peer).error->message, HasSubstr("ask http://[::1]:1337"));
}

}  // namespace
}  // namespace sanctum::gateway
