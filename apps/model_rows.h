// The lines of `sanctum models list`: what is shown of a model, whoever keeps it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/model_look.h"
#include "catalog/foreign_models.h"
#include "hub/cached_models.h"

namespace sanctum {

inline constexpr const char* kOwnCache = "Hugging Face cache";  // owner of what is downloaded

struct ModelRow {
  std::string name, owner, path;  // `path`: as `serve` takes it; empty: it cannot be told
  std::uint64_t bytes = 0;
  std::uint64_t disk_bytes = 0;
  std::string architecture = {};
  Servable can = {};
  std::vector<std::string> notes = {};  // for a person
  std::string revision = {}, commit = {};
  bool in_part = false;        // a pull goes on with it
  bool nothing_whole = false;  // `path` is where the download was begun
  std::string left_out = {};
};

// Of GGUF files one row each. Each asks the engine's program, until `until`.
std::vector<ModelRow> rows_of(const hub::CachedModel& model, Instant until);
ModelRow row_of(const catalog::ForeignModel& model, Instant until);

}  // namespace sanctum
