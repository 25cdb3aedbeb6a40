// What each architecture calls its tensors, here and in a GGUF file, and how it keeps them there.
//
// An architecture is a row of the table in architecture.cpp. llama.cpp knows many more; what is not
// in the table is refused by name. That a directory is written does not say that the engine loads
// it: that is the engine's to say, by its own table.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sanctum::gguf {

// How the rows of a tensor lie in the file.
enum class Rows {
  kSame,
  kQueryPairs,  // of each head, rows that are rotated together side by side; ours are halves
  kKeyPairs,
};

struct Part {
  std::string_view theirs;  // "attn_q": between "blk.3." and ".weight" or ".bias"
  std::string_view ours;    // "self_attn.q_proj": behind "model.layers.3."
  Rows rows = Rows::kSame;
  bool bare = false;  // ours has no ".weight"
};

enum class Family { kLlama, kQwen2, kQwen3, kQwen3Moe, kGemma3, kPhi3, kGptOss, kSmolLm3 };

struct Architecture {
  std::string_view name;  // general.architecture
  Family family;
  std::string_view model_type;  // config.json
  std::string_view class_name;  // config.json "architectures"
  // rope.freq_base of models from the time of SentencePiece whose files are silent; nothing, and
  // all others: the file has to say it.
  std::optional<double> silent_theta;
  std::vector<Part> layer_parts;
  bool norms_plus_one = false;  // the file has 1 + w
};

// Throws Error(kInvalid) naming `name` and those that are known.
const Architecture& architecture(const std::string& file, const std::string& name);

// Where a tensor of a file belongs.
struct Place {
  std::string path;  // of the module, "model.layers.3.self_attn.q_proj"
  std::string name;  // of the tensor, path + ".weight"
  Rows rows = Rows::kSame;
  bool norm = false;  // of an architecture with norms_plus_one: 1 has to be taken away
};
// Nothing for a tensor that config.json stands for, or that is computed. Throws Error(kInvalid)
// naming one that belongs to nothing that is known, or to a layer from `layers` on.
std::optional<Place> place_of(const Architecture& architecture, const std::string& file,
                              const std::string& tensor, int layers);

}  // namespace sanctum::gguf
