// Models that other programs on this machine keep, under the names by which `serve` takes them:
//
//   ollama:NAME[:TAG]             of Ollama's folder (ollama.h)
//   lmstudio:PUBLISHER/REPO[/FILE.gguf]   of LM Studio's (lm_studio.h)
//
// Contract: nothing in their folders is changed, and nothing outside of them is read: a name that
// leads out, or a link, is refused. What is there and cannot be served is told with its reason.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hub/places.h"

namespace sanctum::catalog {

struct ForeignModel {
  std::string name;           // with the prefix
  std::string owner;          // "Ollama"
  std::string path;           // a GGUF file or a model directory; empty where `problem` is
  std::uint64_t bytes = 0;    // on the disk
  std::string problem = {};   // why it cannot be served
  std::string left_out = {};  // what of it is not served
};

// Where they are looked for, the first first.
struct ForeignPlaces {
  std::vector<std::string> ollama, lm_studio;
};
ForeignPlaces foreign_places(const hub::Environment& environment = hub::process_environment);

// "/x", "/x (which is not there)", "/x (which may not be read)": where was looked.
std::string place_text(const std::string& directory);

bool is_foreign_name(const std::string& name);
// What a client calls it by itself: the name without its prefix.
std::string own_name(const std::string& name);
// "Ollama": who a foreign name's model belongs to.
std::string owner_of(const std::string& name);
// "`ollama rm qwen3:4b` removes it".
std::string removal_of(const std::string& name);
// "`ollama pull qwen3:4b` looks whether it is whole".
std::string check_of(const std::string& name);

std::vector<ForeignModel> foreign_models(const ForeignPlaces& places);
// Throws Error(kInvalid) for a name that is none, Error(kNotFound) saying where it looked and
// guessing what was meant.
ForeignModel foreign_model(const std::string& name, const ForeignPlaces& places);

}  // namespace sanctum::catalog
