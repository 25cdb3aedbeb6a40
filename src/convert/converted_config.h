// config.json of what is made, member by member as mlx_lm.convert writes it.
#pragma once

#include <map>
#include <string>

#include "base/json.h"
#include "convert/affine_quantize.h"

namespace sanctum::convert {

struct Overrides {
  bool with_mode = true;  // whether "mode" is said too
  Affine how;
};

// `config` with what quantized it; without what is for other programs alone. `generation`: the text
// of generation_config.json, whose end of text is taken; may be empty. Members in order of names.
std::string converted_config(const json::Node& config, const std::string& generation,
                             const Affine* quantized,
                             const std::map<std::string, Overrides>& overrides);

}  // namespace sanctum::convert
