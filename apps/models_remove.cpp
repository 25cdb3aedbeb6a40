// sanctum models remove: takes a downloaded model away, unless a server serves it.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "apps/command.h"
#include "apps/models_commands.h"
#include "base/error.h"
#include "base/size_text.h"
#include "catalog/foreign_models.h"
#include "catalog/imports.h"
#include "client/printable.h"
#include "client/running_servers.h"
#include "hub/cache_layout.h"
#include "hub/cached_models.h"
#include "hub/model_lock.h"
#include "hub/model_removal.h"
#include "hub/places.h"

namespace sanctum {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string name;
  std::string revision;  // empty: all of it
  bool yes = false;
  bool unused = false;    // imports whose file is gone or another
  std::string state_dir;  // of imports
};

constexpr std::size_t kShownCharactersMax = 500;

std::string shown(const std::string& text) {
  return client::printable_line(text, kShownCharactersMax);
}

bool lies_in(const std::string& path, const std::string& directory) {
  std::error_code error;
  const fs::path inner = fs::weakly_canonical(path, error);
  const fs::path outer = fs::weakly_canonical(directory, error);
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

// Throws Error(kBusy) naming a server of this user that needs it, or that does not say.
void refuse_if_served(const std::string& directory) {
  for (const auto& [state_dir, serving] : client::running_servers()) {
    const std::string stop = "; stop it first: sanctum stop --state-dir " + state_dir;
    if (!serving.models)
      throw Error(ErrorCode::kBusy, "a server runs with " + state_dir +
                                        " and does not say what it serves: it is just starting, "
                                        "or an older one" +
                                        stop);
    for (const auto& model : *serving.models)
      if (lies_in(model, directory))
        throw Error(ErrorCode::kBusy,
                    "the server with " + state_dir + " serves it (" + model + ")" + stop);
  }
}

bool agreed(const Options& options, const std::string& what) {
  if (options.yes) return true;
  if (::isatty(STDIN_FILENO) != 1)
    throw Error(ErrorCode::kInvalid,
                "nobody can be asked whether " + what + " shall be removed; --yes says so", "yes");
  std::printf("Remove %s? [y/N] ", what.c_str());
  std::fflush(stdout);
  std::string answer;
  return std::getline(std::cin, answer) && (answer == "y" || answer == "Y" || answer == "yes");
}

int not_agreed() {
  std::printf("nothing was removed\n");
  return kExitNo;
}

int remove_imports(const std::vector<catalog::Import>& imports, const Options& options) {
  std::uint64_t bytes = 0;
  std::string names;
  for (const auto& import : imports) {
    refuse_if_served(import.directory);
    bytes += import.bytes;
    names += (names.empty() ? "" : ", ") + import.name + " (" + origin_of(import) + ")";
  }
  if (!agreed(options, shown(names))) return not_agreed();
  for (const auto& import : imports) {
    refuse_if_served(import.directory);  // a person may have thought for long
    catalog::remove_import(import.directory);
    std::printf("removed %s, %s\n", shown(import.name).c_str(),
                shown(catalog::origin_of(import)).c_str());
  }
  std::printf("the disk has %s more\n", size_text(bytes).c_str());
  return 0;
}

int remove_unused(const Options& options) {
  auto imports = catalog::imports_in(imports_directories(options.state_dir));
  std::erase_if(imports, [](const auto& import) { return import.of_use(); });
  if (!imports.empty()) return remove_imports(imports, options);
  std::printf("nothing that `sanctum serve` made is of a file that is gone or another\n");
  return 0;
}

int remove_downloaded(const Options& options) {
  const std::string cache = hub::cache_directory();
  const std::string repository = downloaded_directory(options.name, catalog::removal_of);
  if (!options.revision.empty() && hub::cached_commit(repository, options.revision).empty())
    throw Error(ErrorCode::kNotFound,
                "revision '" + options.revision + "' of '" + options.name +
                    "' is not here; here is " + hub::revisions_here(repository),
                "revision");
  const std::string served =
      options.revision.empty()
          ? repository
          : hub::snapshot_directory(repository, hub::cached_commit(repository, options.revision));
  refuse_if_served(served);
  const auto model = hub::cached_revisions(options.name, cache).front();
  const std::string what =
      options.revision.empty()
          ? options.name + " (" + size_text(model.disk_bytes) + " in " + repository + ")"
          : "revision " + options.revision + " of " + options.name;
  if (!agreed(options, what)) return not_agreed();
  const hub::ModelLock lock(
      options.name, cache,
      [&](const std::string& holder) {
        throw Error(ErrorCode::kBusy, holder + " downloads or removes it; end that first");
      },
      [] { return false; });
  refuse_if_served(served);  // a person may have thought for long
  const hub::Removed removed = options.revision.empty()
                                   ? hub::remove_model(repository)
                                   : hub::remove_revision(repository, options.revision);
  const std::string left = options.revision.empty() ? "" : hub::revisions_here(repository);
  std::printf("removed %s%s; the disk has %s more%s\n",
              options.revision.empty() ? "" : ("revision " + options.revision + " of ").c_str(),
              options.name.c_str(), size_text(removed.bytes).c_str(),
              options.revision.empty() ? ""
              : left.empty()           ? "; no other is here"
                                       : ("; here is still " + left).c_str());
  if (removed.shared > 0)
    std::printf(
        "%d of its files lie in the store that huggingface_hub shares between models; `hf "
        "cache prune` frees what nobody uses\n",
        removed.shared);
  return 0;
}

int remove(const Options& options) {
  if (options.unused != options.name.empty())
    throw Error(ErrorCode::kInvalid,
                options.unused
                    ? "--unused stands for names: it takes none"
                    : "name what shall be removed, as `sanctum models list` lists it; or "
                      "say --unused",
                "name");
  if (options.unused) return remove_unused(options);
  if (catalog::is_import_name(options.name))
    return remove_imports(
        {catalog::import_called(options.name, imports_directories(options.state_dir))}, options);
  return remove_downloaded(options);
}

}  // namespace

void add_models_remove(CLI::App& models, int& exit_code) {
  const auto options = std::make_shared<Options>();
  auto& command = *models.add_subcommand("remove", "Remove a downloaded model from the disk");
  command.add_option("name", options->name, "As `sanctum models list` lists it");
  command
      .add_option("--revision", options->revision,
                  "This branch, tag or commit alone; what other revisions use stays")
      ->type_name("R");
  command.add_flag("--unused", options->unused,
                   "In place of a name: what `serve` made of GGUF files that are gone or changed");
  command.add_flag("-y,--yes", options->yes, "Do not ask");
  add_state_dir(command, options->state_dir);
  command.footer(
      "Refused while a server of yours serves it.\n"
      "\n"
      "Examples:\n"
      "  sanctum models remove mlx-community/Qwen3-4B-4bit\n"
      "  sanctum models remove --unused\n"
      "\n" +
      exit_codes("removed", "not, as you said"));
  on_chosen(command, exit_code, [options] { return remove(*options); });
}

}  // namespace sanctum
