#include "models/served_table.h"

#include <sstream>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "models/proven.h"
#include "models/registry.h"
#include "nn/weights.h"

namespace sanctum::models {
namespace {

std::vector<std::string> proven(const std::string& architecture) {
  std::istringstream lines{std::string(kProven)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    if (name != architecture) continue;
    std::vector<std::string> in;
    for (std::string word; words >> word;) in.push_back(word);
    return in;
  }
  return {};
}

bool is_read(int bits, int group, const std::string& mode) {
  json::Writer w;
  w.begin_object().key("quantization").begin_object().field("bits", bits);
  w.field("group_size", group).field("mode", mode).end_object().end_object();
  const json::Document config(w.take());
  try {
    nn::read_quantization(config.root());
    return true;
  } catch (const Error&) {
    return false;
  }
}

// As the reader of config.json takes them.
void write_numbers(json::Writer& w) {
  for (const char* plain : {"bfloat16", "float16", "float32"}) w.value(plain);
  for (const char* mode : {"affine", "mxfp4", "mxfp8", "nvfp4"}) {
    for (int bits = 2; bits <= 8; ++bits) {
      std::string groups;
      for (const int group : {16, 32, 64, 128})
        if (is_read(bits, group, mode))
          groups += (groups.empty() ? "" : ", ") + std::to_string(group);
      if (!groups.empty())
        w.value(std::to_string(bits) + "-bit " + mode + " in groups of " + groups);
    }
  }
}

}  // namespace

std::string served_table() {
  json::Writer w;
  w.begin_object().key("architectures").begin_array();
  for (const Architecture& one : architectures()) {
    w.begin_object().field("name", one.model_type).field("pictures", sees_pictures(one));
    w.key("proven").begin_array();
    for (const auto& numbers : proven(one.model_type)) w.value(numbers);
    w.end_array().end_object();
  }
  w.end_array().key("numbers").begin_array();
  write_numbers(w);
  return w.end_array().end_object().take();
}

}  // namespace sanctum::models
