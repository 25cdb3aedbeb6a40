#include "hub/content_hash.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/file_error.h"
#include "base/invariant.h"
#include "base/openssl.h"

namespace sanctum::hub {
namespace {

constexpr std::size_t kPieceBytes = 1u << 20;

}  // namespace

struct ContentHash::State {
  openssl::DigestContext context;  // none for kNone
};

ContentHash::ContentHash(HashKind kind, std::uint64_t bytes) : state_(std::make_unique<State>()) {
  if (kind == HashKind::kNone) return;
  state_->context.reset(EVP_MD_CTX_new());
  const EVP_MD* method = kind == HashKind::kSha256 ? EVP_sha256() : EVP_sha1();
  SANCTUM_INVARIANT(EVP_DigestInit_ex(state_->context.get(), method, nullptr) == 1,
                    "OpenSSL has SHA-1 and SHA-256");
  if (kind == HashKind::kGitBlob) {
    std::string head = "blob " + std::to_string(bytes);
    head.push_back('\0');
    add(head);
  }
}

ContentHash::~ContentHash() = default;
ContentHash::ContentHash(ContentHash&&) noexcept = default;
ContentHash& ContentHash::operator=(ContentHash&&) noexcept = default;

void ContentHash::add(std::string_view bytes) {
  if (!state_->context) return;
  SANCTUM_INVARIANT(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1,
                    "a hash takes bytes");
}

std::string ContentHash::take() {
  if (!state_->context) return {};
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  SANCTUM_INVARIANT(EVP_DigestFinal_ex(state_->context.get(), digest, &size) == 1, "a hash ends");
  constexpr const char* kDigits = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 15];
  }
  return hex;
}

bool add_file(ContentHash& hash, const std::string& path, std::uint64_t bytes,
              const std::function<bool(std::uint64_t)>& go_on) {
  struct Descriptor {
    ~Descriptor() {
      if (fd >= 0) ::close(fd);
    }
    int fd;
  } const file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  const auto fail = [&](const std::string& why) {
    throw Error(ErrorCode::kUnavailable, "cannot read " + path + ": " + why);
  };
  if (file.fd < 0) fail(file_error_text(errno));
  std::vector<char> piece(kPieceBytes);
  for (std::uint64_t done = 0; done < bytes;) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, bytes - done));
    const ssize_t count = ::read(file.fd, piece.data(), wanted);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(file_error_text(errno));
    if (count == 0) fail("it ends after " + std::to_string(done) + " bytes");
    hash.add({piece.data(), static_cast<std::size_t>(count)});
    done += static_cast<std::uint64_t>(count);
    if (!go_on(done)) return false;
  }
  return true;
}

}  // namespace sanctum::hub
