// Who speaks plain HTTP to a TLS port, or TLS to a plain one, and what they are told. Pure.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/http_message.h"
#include "gateway/transport.h"

namespace sanctum::gateway {

// For the log.
inline constexpr const char* kPlainAtTlsPort = "it spoke plain HTTP to the TLS port";
inline constexpr const char* kTlsAtPlainPort = "it spoke TLS to the port of plain HTTP";

// By the first byte of a connection: a TLS record of a handshake, or a method's first letter.
bool begins_tls(std::string_view bytes);
bool begins_http(std::string_view bytes);

// `plain`: the address of the plain listener, "127.0.0.1:1338"; empty where there is none. It is
// named to who reaches it.
HttpResponse plain_at_tls_port(const Peer& peer, const std::string& plain);
// What a TLS client makes of it is its own word for a plain port: "wrong version number".
HttpResponse tls_at_plain_port(const Peer& peer);

// What is said to who has not finished a handshake; nothing where nobody would understand it.
std::optional<HttpResponse> answer_to(const Handshake& handshake, const Peer& peer,
                                      const std::function<std::string()>& plain);
Handshake unfinished(std::chrono::milliseconds limit);

}  // namespace sanctum::gateway
