#include "client/serving_file.h"

#include <cstdio>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"

namespace sanctum::client {
namespace {

constexpr std::uint64_t kBytesMax = 1 << 20;
constexpr int kPidMax = 1 << 30;

std::string path_in(const std::string& state_directory) {
  return state_directory + "/serving.json";
}

}  // namespace

void write_serving(const std::string& state_directory, const Serving& serving) {
  json::Writer w;
  w.begin_object().field("pid", serving.pid).field("gateway_pid", serving.gateway_pid);
  w.field("engine_pid", serving.engine_pid);
  w.field("http", serving.http).field("mtls", serving.mtls);
  if (serving.models) {
    w.key("models").begin_array();
    for (const auto& directory : *serving.models) w.value(directory);
    w.end_array();
  }
  w.end_object();
  write_file_atomically(path_in(state_directory), w.take() + "\n", 0600);
}

std::optional<Serving> read_serving(const std::string& state_directory) {
  try {
    const std::string text = read_file(path_in(state_directory), kBytesMax);
    const json::Document document(text);
    const json::Node root = document.root();
    Serving serving;
    serving.pid = static_cast<int>(root.at("pid").as_int(1, kPidMax));
    serving.gateway_pid = static_cast<int>(root.at("gateway_pid").as_int(0, kPidMax));
    serving.engine_pid = static_cast<int>(root.at("engine_pid").as_int(0, kPidMax));
    serving.http = root.at("http").as_string();
    serving.mtls = root.at("mtls").as_string();
    if (const auto models = root.get("models")) {
      serving.models.emplace();
      for (const json::Node& directory : models->as_array())
        serving.models->push_back(directory.as_string());
    }
    return serving;
  } catch (const Error&) {
    return std::nullopt;
  }
}

void forget_serving(const std::string& state_directory) {
  std::remove(path_in(state_directory).c_str());
}

void remove_serving(const std::string& state_directory, const Serving& serving) {
  const auto there = read_serving(state_directory);
  if (there && there->gateway_pid == serving.gateway_pid)
    std::remove(path_in(state_directory).c_str());
}

void ServingRecord::engine_is(int pid) {
  if (written_ && pid == serving_.engine_pid) return;
  serving_.engine_pid = pid;
  try {
    write_serving(directory_, serving_);
    written_ = true;
  } catch (const Error& error) {
    log::warn("serving_file", {{"error", error.what()}});
  }
}

}  // namespace sanctum::client
