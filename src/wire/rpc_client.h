// An asynchronous JSON-RPC client over a connected socket.
//
// Contract: every call is answered exactly once: by the peer, with kDeadline when its timeout runs
// out, or as lost (kUnavailable) when the stream ends (or the client is destroyed). A frame that is
// no JSON-RPC, or one that a callback refuses by throwing, ends the stream: a peer that talks
// nonsense is as good as gone. What a callback throws when it is told of an end is logged. `call`
// never blocks on the peer: lines wait in a bounded queue. Thread rule: `call` and `notify` from
// any thread. Callbacks run on the client's own two threads, without locks held; they must not
// block and must not destroy the client. The process ignores SIGPIPE.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "wire/rpc.h"

namespace sanctum::wire {

inline constexpr std::size_t kQueuedBytesMax = 2 * kFrameBytesMax;  // lines not yet written

// The failure of a call whose peer went away: whether it was carried out is unknown.
Failure lost(const std::string& message);
bool is_lost(const Failure& failure);

class RpcClient {
 public:
  using Reply = std::function<void(const Message&)>;  // a result, or `failure` is set
  using Notified = std::function<void(const Message&)>;
  using Ended = std::function<void(const std::string& reason)>;

  // Takes the descriptor. `ended` is called once, after every pending call has failed. Throws
  // Error(kUnavailable) when the system has no thread for it; nothing is called then.
  RpcClient(int socket, Notified notified, Ended ended);
  ~RpcClient();
  RpcClient(const RpcClient&) = delete;
  RpcClient& operator=(const RpcClient&) = delete;

  // `body` is JSON text. A timeout of zero waits as long as the stream lives. Answers kBusy at
  // once when the queue of unwritten lines is full.
  void call(std::string_view method, std::string_view body, std::chrono::milliseconds timeout,
            Reply reply);
  void notify(std::string_view method, std::string_view body);
  // Ends the stream from this side; pending calls fail. Returns at once.
  void end();

 private:
  class Connection;
  std::unique_ptr<Connection> connection_;
};

}  // namespace sanctum::wire
