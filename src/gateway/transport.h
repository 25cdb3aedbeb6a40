// One accepted byte stream, plain or TLS, behind one type.
//
// Contract: at most one read and one write at a time; a read is never cancelled except by close().
// Thread rule: everything, callbacks included, on the connection's strand.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "gateway/peer.h"

namespace sanctum::gateway {

struct Handshake {
  enum class Outcome { kDone, kPlainHttp, kRefused };
  Outcome outcome = Outcome::kDone;
  // What went wrong, in words for the log; empty for who hung up without a word.
  std::string why = {};
};

class Transport {
 public:
  using HandshakeDone = std::function<void(const Handshake& handshake)>;
  using Done = std::function<void(bool ok)>;
  // Bytes that are valid during the call; none when the stream has ended, for whatever reason.
  using ReadDone = std::function<void(std::string_view bytes)>;

  virtual ~Transport() = default;
  // After kPlainHttp nothing has been read, and what is read and written is not encrypted.
  virtual void handshake(HandshakeDone done) = 0;
  virtual void read(ReadDone done) = 0;
  // Writes all of `bytes`, which must live until `done`.
  virtual void write(std::string_view bytes, Done done) = 0;
  // Tells the peer that nothing more comes; not bounded, the caller closes after a limit.
  virtual void shutdown() = 0;
  // Ends all pending operations.
  virtual void close() = 0;
  // With the certificate's subject from the handshake on.
  virtual const Peer& peer() const = 0;
};

}  // namespace sanctum::gateway
