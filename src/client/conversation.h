// The messages of a chat, growing turn by turn, and pictures as data URLs.
//
// Contract: pictures that were attached go out with the next user turn. Not thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sanctum::client {

inline constexpr std::size_t kPictureBytesMax = 32u << 20;
inline constexpr std::size_t kSavedBytesMax = 256u << 20;
inline constexpr std::size_t kSavedMessagesMax = 4096;

// "data:image/png;base64,..." of encoded PNG, JPEG, WebP, GIF or BMP bytes. Throws Error(kInvalid)
// for others.
std::string picture_data_url(std::string_view bytes);

class Conversation {
 public:
  explicit Conversation(std::string system = {}) : system_(std::move(system)) {}
  // Reads the file at once. Throws Error(kNotFound, kCorrupt or kInvalid).
  void attach(const std::string& path);
  std::size_t attached() const { return pictures_.size(); }
  void user(std::string_view text);
  void assistant(std::string_view text);
  // Takes back the last user turn, because no answer came of it.
  void forget_last();
  // Forgets everything but the system prompt.
  void reset();
  std::string messages_json() const;
  void set_system(std::string text) { system_ = std::move(text); }
  const std::string& system() const { return system_; }
  bool has_system() const { return !system_.empty(); }
  std::size_t turns() const { return turns_.size(); }
  // As {"messages":[...]}. Throw Error: what the disk refuses, kCorrupt for a file that is none,
  // and kInvalid rather than take the place of such a file.
  void save(const std::string& path) const;
  void load(const std::string& path);

 private:
  std::string system_;
  std::vector<std::string> pictures_;  // data URLs that wait for the next user turn
  std::vector<std::string> turns_;     // one JSON object each
};

}  // namespace sanctum::client
