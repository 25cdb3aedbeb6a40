#include "catalog/ollama.h"

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "catalog/import_place.h"
#include "catalog/inside.h"

namespace sanctum::catalog {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "ollama:";
constexpr const char* kOwner = "Ollama";
constexpr const char* kHost = "registry.ollama.ai";
constexpr const char* kSpace = "library";
constexpr const char* kTag = "latest";
constexpr const char* kOfService = "/usr/share/ollama/.ollama/models";  // its Linux installer's
constexpr std::string_view kMedia = "application/vnd.ollama.image.";
constexpr std::size_t kDigestDigits = 64;

struct Name {
  std::string host = kHost, space = kSpace, model, tag = kTag;

  std::string path() const { return host + "/" + space + "/" + model + "/" + tag; }
  // As `ollama list` shows it.
  std::string shown() const {
    const std::string before = host != kHost     ? host + "/" + space + "/"
                               : space != kSpace ? space + "/"
                                                 : "";
    return before + model + ":" + tag;
  }
};

Name parse(const std::string& text) {
  const auto refuse = [&]() -> Name {
    throw Error(ErrorCode::kInvalid,
                "'" + std::string(kPrefix) + text +
                    "' is no name of a model of Ollama's; they are like ollama:qwen3:4b, or "
                    "ollama:hf.co/org/name:Q4_K_M",
                "model");
  };
  std::vector<std::string> parts;
  std::size_t at = 0;
  for (std::size_t slash; (slash = text.find('/', at)) != std::string::npos; at = slash + 1)
    parts.push_back(text.substr(at, slash - at));
  parts.push_back(text.substr(at));
  if (parts.size() > 3) return refuse();
  Name name;
  name.model = parts.back();
  if (const std::size_t colon = name.model.find(':'); colon != std::string::npos) {
    name.tag = name.model.substr(colon + 1);
    name.model.resize(colon);
  }
  if (parts.size() > 1) name.space = parts[parts.size() - 2];
  if (parts.size() > 2) name.host = parts[0];
  for (const auto* part : {&name.host, &name.space, &name.model, &name.tag})
    if (!is_plain_part(*part) || (part != &name.host && part->find(':') != std::string::npos))
      return refuse();
  return name;
}

// The file of a layer, or why there is none.
struct Blob {
  std::string path, problem;
};

Blob blob_of(const json::Node& layer, const std::string& name, const std::string& directory) {
  const std::string digest = layer.at("digest").as_string();
  const auto is_hex = [](unsigned char c) { return std::isdigit(c) || (c >= 'a' && c <= 'f'); };
  if (!digest.starts_with("sha256:") || digest.size() != 7 + kDigestDigits ||
      !std::all_of(digest.begin() + 7, digest.end(), is_hex))
    return {{}, "its manifest names no file: 'digest' is no sha256:HEX"};
  const fs::path path = fs::path(directory) / "blobs" / ("sha256-" + digest.substr(7));
  std::error_code error;
  if (auto why = why_unreadable(path.string()); !why.empty()) return {{}, why};
  const auto bytes = fs::file_size(path, error);
  if (error) return {{}, "its file is missing; `ollama pull " + name + "` loads it"};
  if (auto why = why_not_inside("its file", path, directory, kOwner); !why.empty())
    return {{}, why};
  if (bytes != layer.at("size").as_uint64())
    return {{}, "its file is not whole; `ollama pull " + name + "` loads it"};
  return {path.string(), {}};
}

std::string joined(const std::vector<std::string>& parts, const char* between) {
  std::string all;
  for (const auto& part : parts) all += (all.empty() ? "" : between) + part;
  return all;
}

// The names of what its parameters set: " (num_ctx, stop)"; nothing where they cannot be read.
std::string parameters_in(const Blob& blob) {
  if (!blob.problem.empty()) return {};
  try {
    const std::string text = read_file(blob.path, kManifestBytesMax);
    const json::Document document(text, "params");
    std::vector<std::string> names;
    for (const auto& [parameter, value] : document.root().members()) names.push_back(parameter);
    return names.empty() ? "" : " (" + joined(names, ", ") + ")";
  } catch (const Error&) {
    return {};
  }
}

// What a layer is that Ollama lays over a file, in words; empty for others.
std::string ollamas_own(const std::string& kind, const json::Node& layer, const std::string& name,
                        const std::string& directory) {
  if (kind == "system") return "a system prompt";
  if (kind == "template") return "a template";
  if (kind == "messages") return "messages before the first";
  if (kind == "params") return "parameters" + parameters_in(blob_of(layer, name, directory));
  return {};
}

void read_layers(const json::Node& manifest, const std::string& name, const std::string& directory,
                 ForeignModel& model) {
  std::vector<std::string> left_out, ollamas;
  for (const json::Node& layer : manifest.at("layers").as_array(kManifestLayersMax)) {
    const std::string media = layer.at("mediaType").as_string();
    model.bytes += layer.at("size").as_uint64();
    if (!media.starts_with(kMedia)) continue;
    const std::string kind = media.substr(kMedia.size());
    if (kind == "model" && model.problem.empty()) {
      if (!model.path.empty()) model.problem = "it has several files of weights, which is not read";
      const Blob blob = blob_of(layer, name, directory);
      model.path = blob.path;
      model.problem += blob.problem;
      if (blob.problem.empty() && !is_gguf(blob.path)) model.problem = "its file is in no GGUF";
    }
    if (kind == "adapter") model.problem = "it has an adapter (LoRA), which is not applied";
    if (kind == "tensor")
      model.problem = "its weights are in Ollama's own form for MLX, which is not read";
    if (kind == "projector")
      left_out.emplace_back("its picture half (projector) is not read: text alone");
    if (const std::string own = ollamas_own(kind, layer, name, directory); !own.empty())
      ollamas.push_back(own);
  }
  if (!ollamas.empty())
    left_out.push_back("Ollama's own layers are not used: " + joined(ollamas, ", ") +
                       "; the file has its own template, the rest is the client's to send");
  model.left_out = joined(left_out, "; ");
  if (model.path.empty() && model.problem.empty())
    model.problem = "it has no weights here: it runs in Ollama's cloud";
}

ForeignModel read(const Name& name, const std::string& directory) {
  ForeignModel model{std::string(kPrefix) + name.shown(), kOwner, {}};
  const fs::path manifests = fs::path(directory) / "manifests", manifest = manifests / name.path();
  model.problem = why_not_inside("its manifest", manifest, manifests, kOwner);
  if (!model.problem.empty()) return model;
  try {
    const json::Document document(read_file(manifest.string(), kManifestBytesMax), "manifest");
    read_layers(document.root(), name.shown(), directory, model);
  } catch (const Error& error) {
    model.problem = std::string("its manifest makes no sense: ") + error.what();
  }
  if (!model.problem.empty()) model.path.clear();
  return model;
}

}  // namespace

std::vector<std::string> ollama_directories(const hub::Environment& environment) {
  if (const auto told = environment("OLLAMA_MODELS")) return {*told};
  std::vector<std::string> all;
  if (const auto home = environment("HOME")) all.push_back(*home + "/.ollama/models");
  std::error_code ignored;
  // One that may not be looked into is there, too.
  if (fs::status(kOfService, ignored).type() != fs::file_type::not_found)
    all.emplace_back(kOfService);
  return all;
}

bool is_ollama_name(const std::string& name) {
  return name.starts_with(kPrefix);
}

std::vector<ForeignModel> ollama_models(const std::string& directory) {
  std::vector<ForeignModel> all;
  const fs::path root = fs::path(directory) / "manifests";
  for (const auto& host : names_in(root, kManifestsMax))
    for (const auto& space : names_in(root / host, kManifestsMax))
      for (const auto& model : names_in(root / host / space, kManifestsMax))
        for (const auto& tag : names_in(root / host / space / model, kManifestsMax)) {
          if (all.size() == kManifestsMax) return all;
          all.push_back(read({host, space, model, tag}, directory));
        }
  return all;
}

std::optional<ForeignModel> ollama_model(const std::string& told, const std::string& directory) {
  const Name name = parse(own_name(told));
  std::error_code ignored;
  const auto manifest = fs::path(directory) / "manifests" / name.path();
  if (fs::symlink_status(manifest, ignored).type() == fs::file_type::not_found) return std::nullopt;
  ForeignModel model = read(name, directory);
  model.name = told;
  return model;
}

}  // namespace sanctum::catalog
