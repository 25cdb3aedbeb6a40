// Texts that a client carries for us and cannot read or change: a thought that it hands back.
//
// Contract: AES-256-GCM under a key of this server, as base64: 12 bytes of a fresh nonce, the
// text's cipher, 16 bytes of tag; before them the byte kVersion. What another key sealed, or
// somebody changed, does not open. Thread rule: any thread.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace sanctum::gateway {

class Seal {
 public:
  // The key is a digest of `secret`.
  explicit Seal(std::string_view secret);
  std::string close(std::string_view text) const;
  std::optional<std::string> open(std::string_view sealed) const;

 private:
  std::array<unsigned char, 32> key_;
};

}  // namespace sanctum::gateway
