// SHA-256 (FIPS 180-4): of bytes in memory, of bytes that come in pieces, of a file.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sanctum {

using Sha256 = std::array<std::byte, 32>;
Sha256 sha256(std::string_view bytes);
std::string to_hex(const Sha256& digest);

class Sha256Hash {
 public:
  Sha256Hash();
  ~Sha256Hash();
  Sha256Hash(const Sha256Hash&) = delete;
  Sha256Hash& operator=(const Sha256Hash&) = delete;
  void add(std::string_view bytes);
  Sha256 take();  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sanctum
