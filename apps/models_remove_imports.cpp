// sanctum models remove imported:NAME, and --unused: takes away what `serve` made of GGUF files.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "apps/command.h"
#include "apps/models_commands.h"
#include "apps/served_models.h"
#include "base/error.h"
#include "base/size_text.h"
#include "catalog/import_removal.h"
#include "catalog/imports.h"
#include "client/printable.h"
#include "gguf/staging_directory.h"
#include "platform/lock_file.h"

namespace sanctum {
namespace {

using catalog::Import;

constexpr std::size_t kShownCharactersMax = 500;

std::string shown(const std::string& text) {
  return client::printable_line(text, kShownCharactersMax);
}

std::string state_dir_of(const Import& import) {
  return std::filesystem::path(import.directory).parent_path().parent_path().string();
}

void refuse_if_used(const Import& import) {
  refuse_if_served(import.directory, state_dir_of(import));
}

// No server starts as long as this is held; nothing where one runs that serves others. Throws
// Error(kBusy).
std::unique_ptr<platform::LockFile> hold_state_of(const Import& import) {
  while (true) {
    try {
      return std::make_unique<platform::LockFile>(state_dir_of(import) + "/lock");
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kBusy) throw;
    }
    if (const auto server = client::server_in(state_dir_of(import))) {  // else it ended meanwhile
      refuse_if_served_by(*server, import.directory);
      return nullptr;
    }
  }
}

void remove_one(const Import& import) {
  refuse_if_used(import);  // a person may have thought for long
  const auto held = hold_state_of(import);
  catalog::remove_import(import.directory);
  std::printf("removed %s, %s\n", shown(import.name).c_str(), shown(origin_of(import)).c_str());
}

void tell_room(std::uint64_t bytes) {
  std::printf("the disk has %s more\n", size_text(bytes).c_str());
}

std::string told(const Import& import) {
  return import.name + " (" + origin_of(import) + ")";
}

// Whether it was done; one that is served stays, and that is told.
template <class Act>
bool done_unless_served(const Import& import, const Act& act) {
  try {
    act(import);
    return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kBusy) throw;
    std::printf("kept %s: %s\n", shown(import.name).c_str(), shown(error.what()).c_str());
    return false;
  }
}

struct Done {
  bool any = false;
  std::uint64_t bytes = 0;
  void add(std::uint64_t more) {
    any = true;
    bytes += more;
  }
};

// Of what is unfinished.
bool is_removed(const std::string& path) {
  try {
    gguf::remove_staging(path);
    return true;
  } catch (const Error& error) {
    std::printf("kept %s: %s\n", shown(path).c_str(), shown(error.what()).c_str());
    return false;
  }
}

// What a killed one left, unless a server runs there, which may be at it, or another who makes it.
void remove_unfinished_in(const std::string& place, const std::set<std::string>& asked_of,
                          Done& done) {
  const auto left = catalog::unfinished_imports(place);
  if (left.empty()) return;
  try {
    const platform::LockFile held(std::filesystem::path(place).parent_path().string() + "/lock");
    const std::uint64_t before = catalog::bytes_to_come({}, place);
    for (const auto& path : left) {
      if (!asked_of.contains(path) || !is_removed(path)) continue;
      std::printf("removed %s, which one that was killed left\n", shown(path).c_str());
      done.any = true;
    }
    done.bytes += before - std::min(before, catalog::bytes_to_come({}, place));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kBusy) throw;
    std::printf("kept what is unfinished in %s: %s\n", shown(place).c_str(),
                shown(error.what()).c_str());
  }
}

}  // namespace

int remove_import_called(const std::string& name, const std::string& state_dir,
                         const Agreed& agreed) {
  const Import import = catalog::import_called(name, imports_directories(state_dir));
  refuse_if_used(import);
  if (!agreed(shown(told(import)))) return kExitNo;
  remove_one(import);
  tell_room(import.bytes);
  return 0;
}

int remove_unused_imports(const std::string& state_dir, const Agreed& agreed) {
  const auto places = imports_directories(state_dir);
  std::set<std::string> asked_of;  // their directories
  bool kept = false;
  std::string names;
  const auto ask_of = [&](const std::string& directory, const std::string& name) {
    asked_of.insert(directory);
    names += (names.empty() ? "" : ", ") + name;
  };
  for (const auto& import : catalog::imports_in(places)) {
    if (import.of_use()) continue;
    if (done_unless_served(import, refuse_if_used))
      ask_of(import.directory, told(import));
    else
      kept = true;
  }
  for (const auto& place : places)
    for (const auto& left : catalog::unfinished_imports(place)) ask_of(left, left);
  if (asked_of.empty()) {
    if (kept) return kExitNo;
    std::printf("nothing that `sanctum serve` made is of a file that is gone or another\n");
    return 0;
  }
  if (!agreed(shown(names))) return kExitNo;
  Done done;
  // As they are now: a person may have thought for long.
  for (const auto& import : catalog::imports_in(places))
    if (!import.of_use() && asked_of.contains(import.directory) &&
        done_unless_served(import, remove_one))
      done.add(import.bytes);
  for (const auto& place : places) remove_unfinished_in(place, asked_of, done);
  if (!done.any) return kExitNo;
  tell_room(done.bytes);
  return 0;
}

}  // namespace sanctum
