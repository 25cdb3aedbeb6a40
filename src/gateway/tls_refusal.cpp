#include "gateway/tls_refusal.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace sanctum::gateway {
namespace {

std::string certificate_refusal(long verified) {
  switch (verified) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "its certificate, or the authority of it, has expired: `sanctum certs show` tells "
             "which, `sanctum certs client` or `sanctum certs export --name` makes another";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "its certificate is not valid yet: set the clocks of both machines";
    case X509_V_ERR_INVALID_PURPOSE:
      return "its certificate is not one for clients: give client.pem, or what `sanctum certs "
             "export --name` made";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return "its certificate is of another authority than our ca.pem: give client.pem of this "
             "server, or what `sanctum certs export --name` made here";
    default:
      return std::string("its certificate does not hold: ") +
             ::X509_verify_cert_error_string(verified);
  }
}

}  // namespace

std::string tls_refusal(unsigned long error, long verified) {
  switch (ERR_GET_REASON(error)) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return "no client certificate was shown: give client.pem and client.key (curl: --cert, "
             "--key); for browsers and phones `sanctum certs export` makes a file to import";
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return certificate_refusal(verified);
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
      return "it does not trust our certificate: give it ca.pem (curl: --cacert; phones: install "
             "it as a trusted root), and call us by a name that `sanctum certs show` lists";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return "our certificate has expired, or its clock is wrong: `sanctum certs server` makes "
             "another, `sanctum restart` takes it";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return "it speaks no TLS of version 1.2 or later: use a newer client";
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
      return "it knows no cipher that we allow: use a newer client";
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
      return "what it sent is no TLS";
    default: {
      const char* reason = ::ERR_reason_error_string(error);
      return std::string("the handshake failed: ") + (reason == nullptr ? "unknown" : reason);
    }
  }
}

}  // namespace sanctum::gateway
