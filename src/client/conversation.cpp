#include "client/conversation.h"

#include <filesystem>
#include <utility>

#include "base/base64.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace sanctum::client {
namespace {

std::string_view media_type(std::string_view bytes) {
  if (bytes.substr(0, 8) == "\x89PNG\r\n\x1a\n") return "image/png";
  if (bytes.substr(0, 3) == "\xFF\xD8\xFF") return "image/jpeg";
  if (bytes.substr(0, 4) == "RIFF" && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP") {
    return "image/webp";
  }
  if (bytes.substr(0, 6) == "GIF87a" || bytes.substr(0, 6) == "GIF89a") return "image/gif";
  if (bytes.substr(0, 2) == "BM") return "image/bmp";
  return {};
}

std::string text_turn(std::string_view role, std::string_view text) {
  json::Writer w;
  w.begin_object().field("role", role).field("content", text).end_object();
  return w.take();
}

}  // namespace

std::string picture_data_url(std::string_view bytes) {
  const auto type = media_type(bytes);
  if (type.empty())
    throw Error(ErrorCode::kInvalid, "it is no PNG, JPEG, WebP, GIF or BMP picture", "image");
  return "data:" + std::string(type) + ";base64," + base64_encode(bytes);
}

void Conversation::attach(const std::string& path) {
  try {
    pictures_.push_back(picture_data_url(read_file(path, kPictureBytesMax)));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kInvalid) throw;
    throw Error(error.code(), path + ": " + error.what(), error.field());
  }
}

void Conversation::user(std::string_view text) {
  if (pictures_.empty()) {
    turns_.push_back(text_turn("user", text));
    return;
  }
  json::Writer w;
  w.begin_object().field("role", "user").key("content").begin_array();
  for (const auto& url : std::exchange(pictures_, {})) {
    w.begin_object().field("type", "image_url");
    w.key("image_url").begin_object().field("url", url).end_object().end_object();
  }
  w.begin_object().field("type", "text").field("text", text).end_object();
  w.end_array().end_object();
  turns_.push_back(w.take());
}

void Conversation::assistant(std::string_view text) {
  turns_.push_back(text_turn("assistant", text));
}

void Conversation::forget_last() {
  if (!turns_.empty()) turns_.pop_back();
}

void Conversation::reset() {
  turns_.clear();
  pictures_.clear();
}

void Conversation::save(const std::string& path) const {
  if (turns_.size() >= kSavedMessagesMax)
    throw Error(ErrorCode::kInvalid, "the conversation has more than " +
                                         std::to_string(kSavedMessagesMax) +
                                         " messages, which could not be loaded again");
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) {
    try {
      Conversation().load(path);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kCorrupt) throw;
      throw Error(ErrorCode::kInvalid,
                  path + " is there already and is no saved conversation; choose another name");
    }
  }
  json::Writer w;
  w.begin_object().key("messages").raw(messages_json()).end_object();
  write_file_atomically(path, w.take() + "\n", 0600);
}

void Conversation::load(const std::string& path) {
  const std::string text = read_file(path, kSavedBytesMax);
  try {
    const json::Document document(text);
    std::string system;
    std::vector<std::string> turns;
    for (const auto& message : document.root().at("messages").as_array(kSavedMessagesMax)) {
      const std::string role = message.at("role").as_string();
      if (!message.at("content").is_string()) message.at("content").as_array();
      if (role == "system" && turns.empty())
        system = message.at("content").as_string();
      else
        turns.push_back(message.dump());
    }
    system_ = std::move(system);
    turns_ = std::move(turns);
    pictures_.clear();
  } catch (const Error& error) {
    throw Error(ErrorCode::kCorrupt, path + " is no saved conversation: " + error.what());
  }
}

std::string Conversation::messages_json() const {
  json::Writer w;
  w.begin_array();
  if (!system_.empty()) w.raw(text_turn("system", system_));
  for (const auto& turn : turns_) w.raw(turn);
  w.end_array();
  return w.take();
}

}  // namespace sanctum::client
