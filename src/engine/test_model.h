// Model directories with nothing but a tokenizer, for tests of the host side.
#pragma once

#include <cstdlib>
#include <string>

#include "models/registry.h"

namespace sanctum::engine {

inline std::string source_directory() {
  const char* directory = std::getenv("SANCTUM_SOURCE_DIR");
  return directory != nullptr ? directory : ".";
}

inline std::string tokenizer_fixture(const std::string& name) {
  return source_directory() + "/src/text/testdata/" + name;
}

// A text model of `vocabulary` rows whose directory is `directory`.
inline models::Description text_description(const std::string& directory, int vocabulary = 1000,
                                            int context_tokens = 64) {
  models::Description out;
  out.directory = directory;
  out.config_json = "{}";
  out.architecture = &models::architectures().front();
  out.context_tokens = context_tokens;
  out.vocabulary = vocabulary;
  return out;
}

}  // namespace sanctum::engine
