#include "gateway/request_id.h"

#include <openssl/rand.h>

#include <cstdio>

#include "base/invariant.h"

namespace sanctum::gateway {
namespace {

std::uint64_t random_bits() {
  std::uint64_t bits = 0;
  SANCTUM_INVARIANT(::RAND_bytes(reinterpret_cast<unsigned char*>(&bits), sizeof bits) == 1,
                    "random bytes");
  return bits;
}

}  // namespace

std::string new_request_id() {
  // Nobody guesses another's: who knows an id may read and cancel what clients without a key ask.
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(random_bits()),
                static_cast<unsigned long long>(random_bits()));
  return text;
}

std::uint64_t random_seed() {
  return random_bits() >> 1;
}

}  // namespace sanctum::gateway
