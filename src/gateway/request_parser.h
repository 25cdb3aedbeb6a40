// Bytes to one HttpRequest, with limits. Owned by its connection, used on its strand.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/http_message.h"

namespace sanctum::gateway {

inline constexpr std::uint32_t kHeaderBytesMax = 64 * 1024;
inline constexpr std::uint64_t kBodyBytesMax = 64u << 20;  // as sent, and unpacked

inline constexpr const char* kProbeHeader = "Sanctum-Probe";

class RequestParser {
 public:
  enum class State { kHeader, kBody, kComplete, kRefused };

  explicit RequestParser(Peer peer = {});
  ~RequestParser();

  // Takes what it can from the front of `bytes` and removes it.
  State feed(std::string& bytes);
  // With kRefused: the status (400, 413, 415, 431, 501) and what is wrong.
  int status() const { return status_; }
  const std::string& problem() const { return problem_; }
  // Whether the header has been read, also that of a request that was refused for its body. From
  // then on `head` is the request without a body; lines behind a chunked body are never part of it.
  bool has_head() const { return has_head_; }
  const HttpRequest& head() const { return head_; }
  // From the end of the header on: the client waits for "100 Continue" before it sends the body.
  bool expects_continue() const;
  std::size_t body_bytes() const;  // so far
  // With kComplete, once: unpacks a body that was compressed on its way; else it stays packed. That
  // is work, and memory, which not everybody is owed who sends a head.
  State unpack();
  // With kComplete, once.
  HttpRequest take();

 private:
  State refuse(int status, std::string problem);
  bool refuses_head();  // and has said why
  void read_head();
  State complete();
  struct Parser;
  std::unique_ptr<Parser> parser_;
  HttpRequest head_;
  bool has_head_ = false;
  bool complete_ = false;
  int status_ = 0;
  std::string problem_;
};

}  // namespace sanctum::gateway
