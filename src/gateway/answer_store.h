// Answers that are kept for whoever asked for them, and conversations that go on from one.
//
// Contract: an answer belongs to its owner; anybody else's question about it finds nothing. What
// is kept may be gone later: there are limits of bytes and of age. No call waits; each callback
// comes once, on any thread, or never, if a disk never answers: whoever waits has a limit of his
// own. Thread rule: any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "gateway/engine.h"
#include "gateway/peer.h"

namespace sanctum::gateway {

inline constexpr std::chrono::seconds kStoreLimit{5};            // that a request waits for it
inline constexpr std::size_t kAnswerBytesMax = 32u << 20;        // of one, its input included
inline constexpr std::size_t kConversationBytesMax = 64u << 20;  // that is read back
inline constexpr int kConversationAnswersMax = 4096;             // that continue each other

struct KeptAnswer {
  std::string id;        // "resp_..."
  std::string owner;     // owner_of() whoever asked
  std::string previous;  // the id of the answer that it continues; empty: none
  std::string input;     // a JSON array: the items that its request added
  std::string output;    // a JSON array: its own items
  std::string object;    // JSON: as it is shown
  std::int64_t created_unix_s = 0;
};

class AnswerStore {
 public:
  virtual ~AnswerStore() = default;
  // False: the disk refused, or it is too large.
  virtual void keep(KeptAnswer answer, std::function<void(bool kept)> done) = 0;
  virtual void find(const std::string& id, const std::string& owner,
                    Answered<std::optional<KeptAnswer>> done) = 0;
  // What was said up to the answer and in it, a JSON array of items, the oldest first. A failure
  // kNotFound names the answer that is missing.
  virtual void conversation(const std::string& id, const std::string& owner,
                            Answered<std::string> done) = 0;
  virtual void remove(const std::string& id, const std::string& owner, Answered<bool> done) = 0;
};

// After kStoreLimit.
inline wire::Failure store_is_silent() {
  return {ErrorCode::kUnavailable, "what is kept does not come: does its disk answer?", {}};
}

// By the API key that a request showed, else by its client's certificate; all others are one.
inline std::string owner_of(const Peer& peer) {
  if (!peer.key.empty()) return "key " + peer.key_id;
  return peer.subject.empty() ? std::string() : "certificate " + peer.subject;
}

}  // namespace sanctum::gateway
