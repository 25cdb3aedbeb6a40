// config.json of what is made, member by member as mlx_lm.convert writes it.
#pragma once

#include <map>
#include <string>

#include "base/json.h"
#include "convert/affine_quantize.h"

namespace sanctum::convert {

using Members = std::map<std::string, std::string>;  // of an object: their JSON text by name
Members members_of(const json::Node& object);
std::string object_of(const Members& members);

struct Overrides {
  bool with_mode = true;  // whether "mode" is said too
  Affine how;
};

// What config.json says of the whole model, and of modules by their paths.
struct Quantization {
  Affine how;
  std::string mode = "affine";
  std::map<std::string, Overrides> overrides = {};
};

// `members` of config.json with what quantized the model (nothing: it is not), without what is for
// other programs alone. `generation`: the text of generation_config.json, whose end of text is
// taken; may be empty. In the order of names.
std::string converted_config(Members members, const std::string& generation,
                             const Quantization* quantized);

}  // namespace sanctum::convert
