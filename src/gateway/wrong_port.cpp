#include "gateway/wrong_port.h"

#include "gateway/api_error.h"
#include "gateway/host_and_origin.h"

namespace sanctum::gateway {
namespace {

constexpr char kTlsHandshake = 0x16;
constexpr int kBadRequest = 400;

bool comes_from_here(const Peer& peer) {
  const auto from = parse_authority(peer.address);
  return from && from->is_loopback;
}

// Where whoever came in at `local` reaches the plain listener; empty where it does not.
std::string reached_at(const std::string& plain, const Peer& peer) {
  const auto listener = parse_authority(plain), local = parse_authority(peer.local);
  if (!listener || !listener->port || !local) return {};
  const bool six = local->host.find(':') != std::string::npos;
  const bool there = listener->host == local->host || listener->host == "::" ||
                     (listener->host == "0.0.0.0" && !six);
  if (!there) return comes_from_here(peer) && listener->host != "0.0.0.0" ? plain : "";
  return (six ? "[" + local->host + "]" : local->host) + ":" + std::to_string(*listener->port);
}

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
  const std::string at = reached_at(plain, peer);
  if (!at.empty()) message += "; plain HTTP is on http://" + at;
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
