// Finds the directory of a model that a person named.
#pragma once

#include <string>
#include <vector>

#include "wire/messages.h"

namespace sanctum::supervisor {

// Where to look; filled in from the environment by `search_places`.
struct SearchPlaces {
  std::string program;  // absolute path of the running program
  std::string hub;      // the Hugging Face cache (its `hub` folder); empty where there is no home
};
// HF_HUB_CACHE, HF_HOME/hub or ~/.cache/huggingface/hub.
SearchPlaces search_places();

// The model beside this program: models/smoke of a checkout or share/sanctum/models/smoke of an
// installation. Throws Error(kNotFound) naming the places.
wire::LoadRequest built_in_model(const SearchPlaces& places);

// A directory with a config.json, or `org/name` in the Hugging Face cache (refs/main decides which
// snapshot). Throws Error(kNotFound) saying where it looked.
wire::LoadRequest find_model(const std::string& name, const SearchPlaces& places);

}  // namespace sanctum::supervisor
