#include "text/tool_call_id.h"

#include <cstdint>

namespace sanctum::text {
namespace {

constexpr std::size_t kShortChars = 9;
constexpr std::size_t kLongChars = 24;

std::uint64_t mixed(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ull;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

}  // namespace

std::string tool_call_id(CallIds kind, std::string_view seed, int index) {
  constexpr std::string_view kAlphabet =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::uint64_t hash = 0xcbf29ce484222325ull;  // FNV-1a
  for (const char c : seed) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ull;
  }
  hash = mixed(hash + 0x9e3779b97f4a7c15ull * static_cast<std::uint64_t>(index + 1));
  std::string id = kind == CallIds::kShort ? "" : "call_";
  const std::size_t size = id.size() + (kind == CallIds::kShort ? kShortChars : kLongChars);
  while (id.size() < size) {
    id += kAlphabet[hash % kAlphabet.size()];
    hash = mixed(hash + 0x9e3779b97f4a7c15ull);
  }
  return id;
}

}  // namespace sanctum::text
