// Finds the directory of a model that a person named.
//
//   DIR          a directory with a config.json; called by its own name
//   FILE.gguf    the directory that is made of it (catalog/import_place.h), perhaps not yet there
//   org/name     a downloaded model of the Hugging Face cache; refs/main decides which snapshot
//                (name alone, where models were called so once)
//   ollama:NAME, lmstudio:PUBLISHER/REPO   another program's (catalog/foreign_models.h)
//   smoke        the built-in model
//   NAME=MODEL   any of these, called NAME
//
// A leading ~/ is the home directory.
#pragma once

#include <string>

#include "catalog/foreign_models.h"
#include "wire/messages.h"

namespace sanctum::supervisor {

inline constexpr const char* kBuiltIn = "smoke";
inline constexpr std::size_t kModelNameLettersMax = 128;  // of a NAME

// Where to look; filled in from the environment by `search_places`.
struct SearchPlaces {
  std::string program;  // absolute path of the running program
  std::string hub;      // the Hugging Face cache (its `hub` folder); empty where there is no home
  std::string imports = {};  // directories that are made of GGUF files
  catalog::ForeignPlaces foreign = {};
};
// The cache as hub/places.h finds it; imports below `state_dir`.
SearchPlaces search_places(const std::string& state_dir = {});

// The model beside this program: models/smoke of a checkout or share/sanctum/models/smoke of an
// installation. Throws Error(kNotFound) naming the places.
wire::LoadRequest built_in_model(const SearchPlaces& places);

struct NamedModel {
  std::string name;  // empty: its own
  std::string place;
};
// Of NAME=MODEL. What is there under the whole word is meant first: a path may have a '='. Throws
// Error(kInvalid) for a NAME that is none.
NamedModel split_name(const std::string& told);

struct FoundModel : wire::LoadRequest {
  std::string gguf = {};      // the file that its directory is made of; empty: it is one already
  std::string left_out = {};  // what of it is not served (catalog/foreign_models.h)
};
// Throws Error(kInvalid) for a NAME that is none, Error(kNotFound) saying what was found instead,
// and what to do (model_refusal.h).
FoundModel find_model(const std::string& told, const SearchPlaces& places);

}  // namespace sanctum::supervisor
