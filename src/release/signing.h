// Ed25519 signatures over manifests: release.key signs, release.pub verifies, both PEM files of a
// directory of the owner's.
#pragma once

#include <string>
#include <string_view>

namespace sanctum::release {

bool have_signing_key(const std::string& directory);
// Throws Error(kInvalid) when there is one already.
void make_signing_key(const std::string& directory);
// In base64. Throws Error(kNotFound) without a key.
std::string sign(std::string_view text, const std::string& directory);
bool is_signed(std::string_view text, const std::string& signature, const std::string& directory);

}  // namespace sanctum::release
