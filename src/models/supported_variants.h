// The members of config.json that change arithmetic, in one table: what a variant may say.
//
// Contract: a member that is missing or null, or that says what the models here compute, passes;
// any other value is an Error(kInvalid) that names the member and the value. Members that give
// sizes are not here: they are read where they are used, and the tensors' shapes must fit them.
#pragma once

#include <string>

namespace sanctum::json {
class Node;
}

namespace sanctum::models {

// Which part of which architecture a configuration describes.
enum class Part : unsigned {
  kLlama = 1,
  kQwen3 = 2,
  kQwen3VlText = 4,
  kVisionTower = 8,
  kQwen2 = 16,
  kMinistral3 = 32,
  kSmolLm3 = 64,
  kPhi3 = 128,
  kMixtral = 256,
  kQwen3Moe = 512,
  kMistral = 1024,
  kGemma3 = 2048,
  kGemma4 = 4096,
  kQwenHybrid = 8192,
  kGptOss = 16384,
};

// What else a member is measured by.
struct PartSizes {
  int layers = 0, heads = 0, head_size = 0;
};

void refuse_variants(const json::Node& config, Part part, const PartSizes& sizes);

}  // namespace sanctum::models
