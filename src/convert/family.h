// What mlx_lm.convert does to an architecture's tensors and to its config.json.
//
// An architecture is a row: in families.cpp where its names are those of llama, else in a file of
// its family. Most rows say what differs by a name or two; `rename`, `split`, `finish` and `config`
// are what mlx_lm's sanitize() and ModelArgs do, in this order, for a model in either form.
// Contract: pure functions; what mlx_lm itself cannot convert is an Error(kInvalid) naming the
// tensor or member and the reason. Any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "convert/converted_config.h"
#include "convert/experts.h"
#include "convert/named_tensor.h"

namespace sanctum::convert {

struct Names {
  std::vector<NamedTensor> tensors;             // in the order of their names
  std::map<std::string, std::size_t> left_out;  // how many tensors, by what they are
};

// What a stored tensor is called; or what it is, if it is left out.
struct Renamed {
  std::string name;
  std::string left_out = {};
};
inline Renamed left_out(std::string_view what) {
  return {{}, std::string(what)};
}
inline constexpr std::string_view kTowers = "towers for pictures and sound";
inline constexpr std::string_view kMorePredicted = "layers that predict further tokens (mtp)";

struct Family {
  std::string model_type;
  Renamed (*rename)(const std::string& stored) = nullptr;
  // Of a tensor that becomes others, or one of another shape; false for what stays as it is.
  bool (*split)(const std::string& name, const StoredTensor& stored,
                std::vector<NamedTensor>& to) = nullptr;
  ExpertsApart experts = {};
  // What depends on more than a tensor's name.
  void (*finish)(Names& names, const json::Node& config) = nullptr;
  void (*config)(Members& members, const json::Node& config) = nullptr;
  // Ends of modules' paths, which mlx_lm quantizes to 8 bits in groups of 64, whatever it is told.
  std::vector<std::string> routers = {};
  std::string not_cast = {};  // end of the names of tensors that keep the type they have
  bool keeps_head = false;    // an output head that is stored, also of a model that is tied
  bool stored_mxfp4 = false;  // its experts may be in MXFP4, and stay so
};

const Family* find_family(const std::string& model_type);  // null: it cannot be converted
// Throws Error(kInvalid) naming the architecture and those that there are.
const Family& family_of(const std::string& model_type);
std::string convertible_architectures();  // "gemma3, ..., llama, ..."

// Rows of files of their own.
std::vector<Family> gemma_families();
std::vector<Family> gpt_oss_families();
std::vector<Family> qwen_hybrid_families();
std::vector<Family> wrapped_families();

// By which a model is quantized already; nothing where it is not, or where its experts alone are,
// in MXFP4 that stays so.
std::optional<json::Node> quantized_already(const Family& family, const json::Node& config);

// "text_config", or all of config.json where there is none.
json::Node text_of(const json::Node& config);
// An Error(kInvalid): mlx_lm cannot convert it, and why.
[[noreturn]] void refuse_tensor(const std::string& stored, const std::string& why);

}  // namespace sanctum::convert
