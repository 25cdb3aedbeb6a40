// One GET or HEAD at a hub over libcurl, redirects followed by our own rules (address.h).
//
// Contract: an outside fault is told in the answer, not thrown. The token goes to the origin of the
// URL that was asked for and to no other, nor to that one again once a redirect led away from it. A
// peer that says nothing for kSilenceMax is given up. TLS: the system's certificates, or those that
// SSL_CERT_FILE names; the name is verified.
// Thread rule: a Fetcher belongs to one thread; `cancelled` is asked on it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sanctum::hub {

inline constexpr std::chrono::seconds kConnectMax{15};
inline constexpr std::chrono::seconds kSilenceMax{60};    // without a byte
inline constexpr std::size_t kReplyBytesMax = 32u << 20;  // of a reply that nobody takes piecewise

enum class FetchEnd {
  kAnswered,     // whatever its status
  kUnreachable,  // no connection
  kBroken,       // it ended early
  kRefused,      // by us: a redirect, a certificate, a reply that is too large
  kCancelled,
};

struct FetchHead {
  int status = 0;
  // Of the hub's own file: X-Linked-Etag, else the ETag of its last answer; X-Linked-Size,
  // else Content-Length; X-Repo-Commit.
  std::string etag;
  std::optional<std::uint64_t> size;
  std::string commit;
  // Of the last answer, whoever's.
  std::string error_code, error_message;                 // X-Error-Code, X-Error-Message
  std::optional<std::uint64_t> range_from, range_total;  // Content-Range
  std::optional<std::chrono::milliseconds> retry_after;
};

struct FetchCall {
  std::string url = {};
  bool head_only = false;
  std::uint64_t from = 0;  // the first byte that is wanted
  // An ETag of the hub's: bytes from `from` on are only wanted of the file that has it, of another
  // all of it (If-Range). Empty: of whichever. Where a redirect leads elsewhere it is not known.
  std::string only_of = {};
  // Takes the bytes of a 200 or 206; without it they are collected. May throw, which ends it.
  std::function<void(const FetchHead&, std::string_view)> take = {};
};

struct Fetched {
  FetchEnd end = FetchEnd::kUnreachable;
  FetchHead head;
  std::string body;
  std::string why;          // for a person, where end is not kAnswered
  std::string led_to;       // the origin that the hub sent us to, without the token; else empty
  bool from_store = false;  // that is another host, of which a file's bytes were asked
};

class Fetcher {
 public:
  Fetcher(std::string token, std::function<bool()> cancelled);
  ~Fetcher();
  Fetcher(Fetcher&&) noexcept;

  // What `take` throws comes out of here.
  Fetched fetch(const FetchCall& call);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sanctum::hub
