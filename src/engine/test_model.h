// Model directories with nothing but a tokenizer, for tests of the host side.
#pragma once

#include <string>

#include "models/registry.h"
#include "text/test_fixtures.h"

namespace sanctum::engine {

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
