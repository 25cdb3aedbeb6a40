#include "gateway/api_keys.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "base/error.h"
#include "base/json.h"
#include "base/sha256.h"
#include "gateway/request_parser.h"

namespace sanctum::gateway {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr const char* kKeyPrefix = "sk-sanctum-";

std::string digest_of(std::string_view key) {
  return to_hex(sha256(key));
}

bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= kKeyNameBytesMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-' || c == '@';
         });
}

bool is_digest(const std::string& text) {
  constexpr std::size_t kHexDigits = 64;
  return text.size() == kHexDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

ApiKeys ApiKeys::decode(std::string_view text) {
  try {
    const json::Document document(text);
    ApiKeys keys;
    for (const auto& node : document.root().at("keys").as_array(kKeysMax)) {
      ApiKey key{node.at("name").as_string(), node.at("sha256").as_string(),
                 node.at("created_unix_s").as_int()};
      if (!is_name(key.name)) node.at("name").fail("is no name of a key");
      if (!is_digest(key.sha256)) node.at("sha256").fail("is no SHA-256 in hex");
      keys.keys_.push_back(std::move(key));
    }
    return keys;
  } catch (const Error& error) {
    throw Error(ErrorCode::kCorrupt, std::string("the keys make no sense: ") + error.what());
  }
}

std::string ApiKeys::encode() const {
  json::Writer w;
  w.begin_object().key("keys").begin_array();
  for (const ApiKey& key : keys_) {
    w.begin_object().field("name", key.name).field("sha256", key.sha256);
    w.field("created_unix_s", key.created_unix_s).end_object();
  }
  w.end_array().end_object();
  return w.take() + "\n";
}

std::string ApiKeys::add(const std::string& name, std::int64_t now_unix_s) {
  const auto refuse = [](const std::string& why) { throw Error(ErrorCode::kInvalid, why, "name"); };
  if (!is_name(name))
    refuse("a key's name has 1 to " + std::to_string(kKeyNameBytesMax) +
           " letters, digits and . _ - @");
  if (name == kLocalKeyName)
    refuse("'" + name +
           "' is the name of the key that sanctum's own commands show; choose another");
  if (std::any_of(keys_.begin(), keys_.end(), [&](const ApiKey& key) { return key.name == name; }))
    refuse("there is a key '" + name + "' already; remove it first to make another of that name");
  if (keys_.size() >= kKeysMax)
    refuse("there are " + std::to_string(kKeysMax) + " keys, which is the most");
  std::string key = make_api_key();
  keys_.push_back({name, digest_of(key), now_unix_s});
  return key;
}

void ApiKeys::remove(const std::string& name) {
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [&](const ApiKey& key) { return key.name == name; });
  if (found == keys_.end())
    throw Error(ErrorCode::kNotFound, "there is no key '" + name + "'", "name");
  keys_.erase(found);
}

std::string ApiKeys::find(std::string_view shown) const {
  const std::string digest = digest_of(shown);
  std::string name;
  for (const ApiKey& key : keys_) {
    if (same_secret(key.sha256, digest)) name = key.name;  // all are looked at, found or not
  }
  return name;
}

std::string ApiKeys::id_of(const std::string& name) const {
  for (const ApiKey& key : keys_)
    if (key.name == name) return key.sha256;
  return {};
}

std::string make_api_key() {
  std::array<unsigned char, kKeyBytes> random{};
  if (::RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
    throw Error(ErrorCode::kUnavailable, "the system has no random numbers");
  std::string text = base64_encode({reinterpret_cast<const char*>(random.data()), random.size()});
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.resize(text.find_last_not_of('=') + 1);
  return kKeyPrefix + text;
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::vector<std::string> keys_shown(const HttpHeaders& headers) {
  std::vector<std::string> keys;
  const std::string_view authorization = trimmed(headers.get("Authorization"));
  const std::size_t space = authorization.find(' ');
  if (space != std::string_view::npos) {
    const std::string_view scheme = authorization.substr(0, space);
    const std::string_view rest = trimmed(authorization.substr(space));
    if (same_without_case(scheme, "Bearer")) keys.emplace_back(rest);
    if (same_without_case(scheme, "Basic")) {
      const auto pair = base64_decode(rest);
      const std::size_t colon = pair ? pair->find(':') : std::string::npos;
      if (colon != std::string::npos) keys.push_back(pair->substr(colon + 1));
    }
  }
  if (headers.has("X-Api-Key")) keys.emplace_back(trimmed(headers.get("X-Api-Key")));
  return keys;
}

bool shows_secret(const HttpRequest& head, const std::string& secret) {
  return !secret.empty() && same_secret(head.headers.get(kProbeHeader), secret);
}

}  // namespace sanctum::gateway
