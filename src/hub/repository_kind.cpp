#include "hub/repository_kind.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "hub/gguf_name.h"

namespace sanctum::hub {
namespace {

constexpr const char* kAdapterConfig = "adapter_config.json";
constexpr std::uint64_t kConfigBytesMax = 4u << 20;

bool has(const std::vector<std::string>& files, const char* name) {
  return std::find(files.begin(), files.end(), name) != files.end();
}

bool is_model_weights(const std::string& path) {
  return path.ends_with(".safetensors") && path.find('/') == std::string::npos;
}

// The model that it was made for; empty where it is not told.
std::string base_of(const std::string& directory) {
  try {
    const json::Document config(read_file(directory + "/" + kAdapterConfig, kConfigBytesMax));
    const std::string base = config.root().as_string_or("base_model_name_or_path", "");
    return base.empty() ? config.root().as_string_or("model", "") : base;
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

RepositoryKind kind_of(const std::vector<std::string>& files) {
  const bool config = has(files, "config.json");
  if (has(files, kAdapterConfig) && !config) return RepositoryKind::kAdapter;
  if (std::any_of(files.begin(), files.end(), is_gguf_name) &&
      std::none_of(files.begin(), files.end(), is_model_weights))
    return RepositoryKind::kGguf;
  return config ? RepositoryKind::kModel : RepositoryKind::kOther;
}

std::vector<std::string> gguf_models(const std::vector<std::string>& files) {
  std::vector<std::string> models;
  std::copy_if(files.begin(), files.end(), std::back_inserter(models), [](const auto& file) {
    return is_gguf_name(file) && !is_picture_half(file) && gguf_part_of(file).at == 1;
  });
  return models;
}

std::string adapter_advice(const std::string& directory) {
  const std::string base = base_of(directory);
  return "it is an adapter (LoRA)" + (base.empty() ? "" : " of " + base) +
         ", no model by itself, and is not applied; merge it into its model (`mlx_lm.fuse`, or "
         "peft's merge_and_unload) and serve what comes of that";
}

}  // namespace sanctum::hub
