#include "base/sha256.h"

#include <openssl/sha.h>

namespace sanctum {

Sha256 sha256(std::string_view bytes) {
  Sha256 out;
  ::SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
           reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

}  // namespace sanctum
