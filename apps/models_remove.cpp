// sanctum models remove: takes a downloaded model away, unless a server serves it.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

#include "apps/command.h"
#include "apps/models_commands.h"
#include "apps/not_empty.h"
#include "apps/served_models.h"
#include "base/error.h"
#include "base/size_text.h"
#include "catalog/foreign_models.h"
#include "catalog/imports.h"
#include "hub/cache_layout.h"
#include "hub/cached_models.h"
#include "hub/model_lock.h"
#include "hub/model_removal.h"
#include "hub/places.h"

namespace sanctum {
namespace {

struct Options {
  std::string name;
  std::string revision;  // empty: all of it
  bool yes = false;
  bool unused = false;    // imports whose file is gone or another
  std::string state_dir;  // of imports, and of a server that may serve it
};

// Says so where they did not.
bool agreed(const Options& options, const std::string& what) {
  if (options.yes) return true;
  if (::isatty(STDIN_FILENO) != 1)
    throw Error(ErrorCode::kInvalid,
                "nobody can be asked whether " + what + " shall be removed; --yes says so", "yes");
  std::printf("Remove %s? [y/N] ", what.c_str());
  std::fflush(stdout);
  std::string answer;
  if (std::getline(std::cin, answer) && (answer == "y" || answer == "Y" || answer == "yes"))
    return true;
  std::printf("nothing was removed\n");
  return false;
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
  refuse_if_served(served, options.state_dir);
  const auto model = hub::cached_revisions(options.name, cache).front();
  const std::string what =
      options.revision.empty()
          ? options.name + " (" + size_text(model.disk_bytes) + " in " + repository + ")"
          : "revision " + options.revision + " of " + options.name;
  if (!agreed(options, what)) return kExitNo;
  const hub::ModelLock lock(
      options.name, cache,
      [&](const std::string& holder) {
        throw Error(ErrorCode::kBusy, holder + " downloads or removes it; end that first");
      },
      [] { return false; });
  refuse_if_served(served, options.state_dir);  // a person may have thought for long
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
  const auto asked = [&](const std::string& what) { return agreed(options, what); };
  if (options.unused) return remove_unused_imports(options.state_dir, asked);
  if (catalog::is_import_name(options.name))
    return remove_import_called(options.name, options.state_dir, asked);
  return remove_downloaded(options);
}

}  // namespace

void add_models_remove(CLI::App& models, int& exit_code) {
  const auto options = std::make_shared<Options>();
  auto& command = *models.add_subcommand("remove", "Remove a downloaded model from the disk");
  command.add_option("name", options->name, "As `sanctum models list` lists it")
      ->check(not_empty());
  command
      .add_option("--revision", options->revision,
                  "This branch, tag or commit alone; what other revisions use stays")
      ->type_name("R")
      ->check(not_empty());
  command.add_flag("--unused", options->unused,
                   "In place of a name: what `serve` made of GGUF files that are gone or changed, "
                   "but for what is served");
  command.add_flag("-y,--yes", options->yes, "Do not ask");
  add_state_dir(command, options->state_dir);
  command.footer(
      "Refused while a server serves it, or a GGUF file of it: one of yours, or that of "
      "--state-dir.\n"
      "\n"
      "Examples:\n"
      "  sanctum models remove mlx-community/Qwen3-4B-4bit\n"
      "  sanctum models remove --unused\n"
      "\n" +
      exit_codes("removed", "nothing was: as you said, or --unused found only what is served"));
  on_chosen(command, exit_code, [options] { return remove(*options); });
}

}  // namespace sanctum
