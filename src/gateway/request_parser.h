// Bytes to one HttpRequest, with limits. Owned by its connection, used on its strand.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/http_message.h"

namespace sanctum::gateway {

inline constexpr std::uint32_t kHeaderBytesMax = 64 * 1024;
inline constexpr std::uint64_t kBodyBytesMax = 64u << 20;

inline constexpr const char* kProbeHeader = "Sanctum-Probe";

class RequestParser {
 public:
  enum class State { kHeader, kBody, kComplete, kRefused };

  RequestParser();
  ~RequestParser();

  // Takes what it can from the front of `bytes` and removes it.
  State feed(std::string& bytes);
  // With kRefused: the status (400, 413, 431) and what is wrong.
  int status() const { return status_; }
  const std::string& problem() const { return problem_; }
  // From the end of the header on: the client waits for "100 Continue" before it sends the body.
  bool expects_continue() const;
  std::size_t body_bytes() const;
  HttpRequest take();

 private:
  State refuse(int status, std::string problem);
  struct Parser;
  std::unique_ptr<Parser> parser_;
  int status_ = 0;
  std::string problem_;
};

}  // namespace sanctum::gateway
