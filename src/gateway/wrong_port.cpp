#include "gateway/wrong_port.h"

#include "gateway/api_error.h"

namespace sanctum::gateway {
namespace {

constexpr char kTlsHandshake = 0x16;
constexpr int kBadRequest = 400;

}  // namespace

bool begins_tls(std::string_view bytes) {
  return !bytes.empty() && bytes.front() == kTlsHandshake;
}

bool begins_http(std::string_view bytes) {
  if (bytes.empty()) return false;
  const char c = bytes.front();
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

HttpResponse plain_at_tls_port(const Peer& peer, const std::string& plain) {
  std::string message = "this port speaks TLS, and this was plain HTTP: ask https://" + peer.local +
                        " with a client certificate (on the server `sanctum certs show` lists "
                        "them, `sanctum certs export` makes one for a browser or a phone)";
  if (!plain.empty()) message += "; plain HTTP is on http://" + plain;
  return error_response(kBadRequest, message, "plain_http_to_tls_port");
}

HttpResponse tls_at_plain_port(const Peer& peer) {
  return error_response(kBadRequest,
                        "this port speaks plain HTTP, and this was TLS: ask http://" + peer.local,
                        "tls_to_plain_port");
}

std::optional<HttpResponse> answer_to(const Handshake& handshake, const Peer& peer,
                                      const std::function<std::string()>& plain) {
  if (handshake.outcome != Handshake::Outcome::kPlainHttp) return std::nullopt;
  return plain_at_tls_port(peer, plain ? plain() : "");
}

Handshake unfinished(std::chrono::milliseconds limit) {
  return {Handshake::Outcome::kRefused,
          "it did not finish the handshake within " + std::to_string(limit.count()) + " ms"};
}

}  // namespace sanctum::gateway
