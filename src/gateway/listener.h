// Accepts connections on one address, plain or with mutual TLS, or on a socket of the file system.
//
// When the process runs out of descriptors, a listener asks for room and tries again; where there
// is none, it turns the newcomer away with the help of a descriptor that it keeps for this, so that
// nobody waits in the system's queue for an answer that does not come.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/event_loop.h"
#include "gateway/transport.h"

namespace sanctum::gateway {

struct Address {
  std::string host;  // a literal IPv4 or IPv6 address
  std::uint16_t port = 0;
};
// "127.0.0.1:1338", "[::1]:0", "localhost:1338"; "1338" and ":1338" are this machine's own, as is
// whatever does not say otherwise. Throws Error(kInvalid, ..., `field`).
Address parse_address(const std::string& text, const std::string& field);
// Whether it can be reached from this machine alone: 127.0.0.0/8 and ::1.
bool is_loopback(const Address& address);
// As a URL writes it: "127.0.0.1:1338", "[::1]:1338".
std::string to_string(const Address& address);

// Files in PEM form. A client must show a certificate that `authority` signed.
struct TlsFiles {
  std::string authority;
  std::string certificate;
  std::string key;
};

// Throws Error(kCorrupt) as a Listener with these would.
void check_tls_files(const TlsFiles& files);

inline constexpr std::size_t kSocketPathMax = 100;  // bytes; the system's own limit is close above

class Listener {
 public:
  // Called on the connection's own strand.
  using Accepted = std::function<void(std::shared_ptr<Strand>, std::unique_ptr<Transport>)>;
  struct Hooks {
    Accepted accepted;
    // The process has no descriptor for one who knocks. False when nobody can make room: the
    // listener turns it away. On the listener's strand.
    std::function<bool()> make_room = {};
  };

  // Listens from here on; port 0 picks one. Throws Error(kUnavailable) when the address cannot be
  // had, Error(kCorrupt) when the TLS files cannot be used.
  Listener(EventLoop& loop, const Address& address, const std::optional<TlsFiles>& tls,
           Hooks hooks);
  // On a Unix socket at `path`, for the user who runs this process alone; what lies there is
  // replaced. Throws Error(kInvalid) for a path that is too long, Error(kUnavailable) otherwise.
  Listener(EventLoop& loop, const std::string& path, Hooks hooks);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  Address address() const;  // with the port in force; of a Unix socket, its path as the host
  // Nothing is accepted after this returns, and the port is free. From any thread but the loop's.
  void close();

 private:
  class Acceptor;
  template <class Protocol>
  class AcceptorOf;
  std::shared_ptr<Acceptor> acceptor_;
};

}  // namespace sanctum::gateway
