#include "apps/model_rows.h"

#include <filesystem>

#include "apps/shell_word.h"
#include "base/error.h"
#include "client/printable.h"
#include "hub/cache_layout.h"
#include "hub/gguf_name.h"

namespace sanctum {
namespace {

constexpr std::size_t kShownCharactersMax = 500;

std::string shown(const std::string& text) {
  return client::printable_line(text, kShownCharactersMax);
}

std::string pull_of(const hub::CachedModel& model) {
  return shown(hub::pull_command(model.name, model.revision));
}

ModelRow row_without_opinion(const hub::CachedModel& model) {
  ModelRow row{model.name, kOwnCache, model.snapshot, model.bytes, model.disk_bytes};
  row.architecture = model.architecture;
  row.revision = model.revision;
  row.commit = model.commit;
  row.in_part = model.begun || !model.missing.empty();
  if (!model.revision.empty() && !model.is_main())
    row.notes.push_back("revision " + shown(model.revision));
  return row;
}

void give_opinion(ModelRow& row, const LookedInto& looked) {
  row.architecture = looked.architecture;
  row.can = looked.can;
  if (!row.can.why.empty()) row.notes.push_back(row.can.why);
}

void note_parts(ModelRow& row, const hub::CachedModel& model) {
  if (!model.missing.empty())
    row.notes.push_back(shown(model.missing) + " links to what is not there; " + pull_of(model) +
                        " loads it");
  else if (row.in_part)
    row.notes.push_back("loaded in part; " + pull_of(model) +
                        (hub::is_old_repository_name(model.name) ? " loads it" : " goes on"));
}

ModelRow gguf_row(const hub::CachedModel& model, const std::string& file, Instant until) {
  ModelRow row = row_without_opinion(model);
  const std::filesystem::path path = std::filesystem::path(model.snapshot) / file;
  row.path = path.string();
  std::error_code error;
  row.bytes = std::filesystem::file_size(path, error);
  if (error) row.bytes = 0;
  if (const auto part = hub::gguf_part_of(file); part.of > 1)
    give_opinion(row, {{},
                       {false, "it is one of " + std::to_string(part.of) +
                                   " files: " + hub::merging_advice(shell_word(row.path))}});
  else
    give_opinion(row, look_into(model.name, row.path, until));
  if (row.can.yes.value_or(false))
    row.notes.push_back("a GGUF file: `sanctum serve " + shown(shell_word(row.path)) + "`");
  return row;
}

}  // namespace

std::vector<ModelRow> rows_of(const hub::CachedModel& model, Instant until) {
  if (model.kind == hub::RepositoryKind::kGguf) {
    std::vector<ModelRow> rows;
    for (const auto& file : hub::gguf_models(model.files))
      rows.push_back(gguf_row(model, file, until));
    if (!rows.empty()) {
      note_parts(rows.back(), model);
      return rows;
    }
  }
  ModelRow row = row_without_opinion(model);
  if (model.snapshot.empty()) {
    row.path = model.directory;
    row.bytes = model.disk_bytes;
    row.nothing_whole = true;
    row.in_part = model.begun || model.problem.empty();
    row.can = {false, model.problem.empty() ? "its download did not end" : shown(model.problem)};
    if (!model.problem.empty()) row.notes.push_back(row.can.why);
  } else if (model.files.empty() && !model.problem.empty()) {  // which says nothing of its kind
    give_opinion(row, {{}, {false, shown(model.problem)}});
  } else if (model.kind == hub::RepositoryKind::kAdapter) {
    give_opinion(row, {{}, {false, shown(hub::adapter_advice(model.snapshot))}});
  } else if (model.kind == hub::RepositoryKind::kGguf) {
    give_opinion(row, {{}, {false, "no file of it is a model by itself"}});
  } else if (model.kind == hub::RepositoryKind::kOther) {
    give_opinion(row, {{},
                       {false, "it has no config.json, which says what a model is; " +
                                   pull_of(model) + " loads all that a model needs"}});
  } else {
    give_opinion(row, look_into(model.name, model.snapshot, until));
    if (!model.is_main() && row.can.yes.value_or(false))
      row.notes.push_back("`sanctum serve " + shown(shell_word(model.name + "=" + model.snapshot)) +
                          "` serves it");
  }
  note_parts(row, model);
  return {row};
}

ModelRow row_of(const catalog::ForeignModel& model, Instant until) {
  ModelRow row{model.name, model.owner, model.path, model.bytes, model.bytes};
  give_opinion(row, model.problem.empty() ? look_into(model.name, model.path, until)
                                          : LookedInto{{}, {false, shown(model.problem)}});
  if (!model.left_out.empty()) row.notes.push_back(model.left_out);
  row.left_out = model.left_out;
  return row;
}

}  // namespace sanctum
