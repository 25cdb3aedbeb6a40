// Whether `sanctum models quantize` and `convert` take a model, told before anybody tries.
#pragma once

#include <string>

namespace sanctum {

// A line for `sanctum models info`. `place`: a model directory or a GGUF file.
void print_quantizing(const std::string& place, const std::string& architecture);

}  // namespace sanctum
