#include "convert/converted_config.h"

#include "base/error.h"

namespace sanctum::convert {
namespace {

std::string spelled(const Affine& how, bool with_mode) {
  json::Writer w;
  w.begin_object().field("group_size", how.group_size).field("bits", how.bits);
  if (with_mode) w.field("mode", "affine");
  return w.end_object().take();
}

std::string spelled(const Quantization& quantized) {
  json::Writer w;
  w.begin_object().field("group_size", quantized.how.group_size);
  w.field("bits", quantized.how.bits).field("mode", quantized.mode);
  for (const auto& [path, how] : quantized.overrides)
    w.key(path).raw(spelled(how.how, how.with_mode));
  return w.end_object().take();
}

// What mlx_lm takes over: neither zero nor an empty list.
std::string end_of_text(const std::string& generation) {
  if (generation.empty()) return {};
  try {
    const json::Document document(generation, "generation_config.json");
    const auto id = document.root().get("eos_token_id");
    if (!id) return {};
    const std::string text = id->dump();
    return text == "0" || text == "[]" ? "" : text;
  } catch (const Error&) {  // as mlx_lm
    return {};
  }
}

}  // namespace

Members members_of(const json::Node& object) {
  Members members;
  for (const auto& [name, value] : object.members()) members[name] = value.dump();
  return members;
}

std::string object_of(const Members& members) {
  json::Writer w;
  w.begin_object();
  for (const auto& [name, value] : members) w.key(name).raw(value);
  return w.end_object().take();
}

std::string converted_config(Members members, const std::string& generation,
                             const Quantization* quantized) {
  if (const std::string end = end_of_text(generation); !end.empty()) members["eos_token_id"] = end;
  members.erase("_name_or_path");
  members.erase("vision_config");
  if (quantized != nullptr)
    members["quantization"] = members["quantization_config"] = spelled(*quantized);
  return object_of(members);
}

}  // namespace sanctum::convert
