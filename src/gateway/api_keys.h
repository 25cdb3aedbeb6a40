// The API keys of a server: who may use its plain listener.
//
// A key is 256 random bits, shown once and kept as its SHA-256. Neither salt nor a slow hash is
// wanted: they protect what people choose, and nobody finds 256 bits by trying. A key that is shown
// is compared with every one in constant time. Values; the file is `key_file.h`'s.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http_message.h"

namespace sanctum::gateway {

inline constexpr std::size_t kKeysMax = 1000;
inline constexpr std::size_t kKeyNameBytesMax = 64;
inline constexpr const char* kLocalKeyName = "local";  // of the key that our own commands show

struct ApiKey {
  std::string name;
  std::string sha256;  // of the key, in hex
  std::int64_t created_unix_s = 0;
};

class ApiKeys {
 public:
  ApiKeys() = default;
  // Of the file's text. Throws Error(kCorrupt).
  static ApiKeys decode(std::string_view text);
  std::string encode() const;

  // Makes a key and returns it; it is nowhere else. Throws Error(kInvalid) for a name that cannot
  // be, that is there already, or beyond kKeysMax.
  std::string add(const std::string& name, std::int64_t now_unix_s);
  // Throws Error(kNotFound).
  void remove(const std::string& name);
  const std::vector<ApiKey>& list() const { return keys_; }
  // The name of the key; empty when there is none such.
  std::string find(std::string_view shown) const;
  // What tells the key of a name from others that had the name before; empty when there is none.
  std::string id_of(const std::string& name) const;

 private:
  std::vector<ApiKey> keys_;
};

// "sk-sanctum-" and 43 letters. Throws Error(kUnavailable) without random numbers.
std::string make_api_key();
// In a time that depends on nothing but their lengths.
bool same_secret(std::string_view a, std::string_view b);
// The keys that a request shows: `Authorization: Bearer KEY`, `Authorization: Basic` with it as
// the password (so that a browser can ask for it), `X-Api-Key: KEY`.
std::vector<std::string> keys_shown(const HttpHeaders& headers);

// Whether a request is a probe's, by the header Sanctum-Probe; nobody's is when `secret` is empty.
bool shows_secret(const HttpRequest& head, const std::string& secret);

}  // namespace sanctum::gateway
