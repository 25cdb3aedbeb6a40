// Who sent a request, as far as that is known: by which door, and what proves who it is.
#pragma once

#include <string>

namespace sanctum::gateway {

enum class ListenerKind {
  kPlain,      // HTTP over TCP
  kMutualTls,  // every client has shown a certificate
  kControl,    // the socket in the state directory: the user who runs this process
};

struct Peer {
  ListenerKind listener = ListenerKind::kPlain;
  std::string listens_on;   // the listener's literal address, without a port; "0.0.0.0" for all
  std::string address;      // the client's, with its port: for logs
  std::string subject;      // of the client's certificate (RFC 2253); empty without one
  std::string key;          // the name of the API key that the request showed; empty without one
  std::string local = {};   // where it came in, with the port: "127.0.0.1:1337"
  std::string key_id = {};  // of that key alone: names are given again
};

}  // namespace sanctum::gateway
