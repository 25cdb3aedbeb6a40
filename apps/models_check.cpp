// sanctum models check: whether a downloaded model is whole.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "apps/command.h"
#include "apps/models_commands.h"
#include "apps/not_empty.h"
#include "base/count_text.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/size_text.h"
#include "base/unreadable.h"
#include "catalog/foreign_models.h"
#include "catalog/imports.h"
#include "client/interrupt.h"
#include "client/printable.h"
#include "hub/cache_layout.h"
#include "hub/cached_models.h"
#include "hub/model_check.h"
#include "hub/places.h"

namespace sanctum {
namespace {

constexpr std::size_t kShownCharactersMax = 500;
constexpr std::uint64_t kTellEvery = 1ull << 30;  // bytes read, on a terminal

struct Options {
  std::string name;
  std::string revision = hub::kMain;
};

// Says how far it is where a person looks.
class Reading {
 public:
  explicit Reading(const std::atomic<bool>& cancelled) : cancelled_(cancelled) {}
  ~Reading() {
    if (told_ > 0) std::fprintf(stderr, "\r\033[K");
  }
  bool read(std::uint64_t bytes) {
    done_ += bytes;
    if (terminal_ && done_ / kTellEvery > told_) {
      told_ = done_ / kTellEvery;
      std::fprintf(stderr, "\r\033[Kread %s", size_text(done_).c_str());
    }
    return !cancelled_;
  }

 private:
  const std::atomic<bool>& cancelled_;
  const bool terminal_ = ::isatty(STDERR_FILENO) == 1;
  std::uint64_t done_ = 0, told_ = 0;
};

// Why there is no such revision of what is downloaded.
std::string not_here(const std::string& model, const std::string& repository,
                     const std::string& revision) {
  const std::string pull = hub::pull_command(model, revision);
  const std::string here = hub::revisions_here(repository);
  if (const auto problem = hub::reference_problem(repository, revision); !problem.empty())
    return "'" + model + "' is here, but " + problem + "; " + pull + " writes that anew";
  if (here.empty())
    return "nothing of '" + model + "' is here as a whole: its download did not end; " + pull +
           " goes on";
  return "revision '" + revision + "' of '" + model + "' was never downloaded; here is " + here +
         " (--revision names it), and " + pull + " downloads that one";
}

std::string shown(const std::string& text) {
  return client::printable_line(text, kShownCharactersMax);
}

int check(const Options& options) {
  const std::string repository = downloaded_directory(options.name, catalog::check_of);
  if (hub::cached_commit(repository, options.revision).empty())
    throw Error(ErrorCode::kNotFound, not_here(options.name, repository, options.revision),
                "revision");
  const client::Interrupt interrupt;
  hub::Checked checked;
  {
    Reading reading(*interrupt.flag());
    checked = hub::check_model(repository, options.revision,
                               [&](std::uint64_t bytes) { return reading.read(bytes); });
  }
  for (const auto& [file, what] : checked.findings)
    std::printf("%s\n", shown(file.empty() ? what : file + ": " + what).c_str());
  if (checked.findings.empty()) {
    std::printf("%s is whole: %s, %s; of %d the hash was compared, too\n", options.name.c_str(),
                count_text(checked.files, "file").c_str(), size_text(checked.bytes).c_str(),
                checked.hashed);
    return 0;
  }
  std::fflush(stdout);
  std::fprintf(stderr, "%s loads anew what is damaged or missing\n",
               hub::pull_command(options.name, options.revision, " --verify").c_str());
  return kExitNo;
}

}  // namespace

std::string downloaded_directory(const std::string& model,
                                 const std::function<std::string(const std::string&)>& of_owner) {
  if (catalog::is_import_name(model))
    throw Error(ErrorCode::kInvalid,
                "'" + shown(model) +
                    "' is what `sanctum serve` made of a GGUF file, and no download: nothing tells "
                    "what it should hold",
                "name");
  if (catalog::is_foreign_name(model)) {
    static_cast<void>(catalog::foreign_model(model, catalog::foreign_places()));  // a slip is told
    throw Error(ErrorCode::kInvalid,
                "'" + shown(model) + "' belongs to " + catalog::owner_of(model) + "; " +
                    shown(of_owner(model)),
                "name");
  }
  const std::string cache = hub::cache_directory();
  const auto known = hub::cached_repositories(cache);
  const bool old = std::find(known.begin(), known.end(), model) != known.end();
  if (!hub::is_repository_name(model) && !old) {
    std::string guess = nearest(model, known);
    for (const auto& repository : known)
      if (guess.empty() && repository.substr(repository.find('/') + 1) == model) guess = repository;
    throw Error(ErrorCode::kInvalid,
                "'" + shown(model) + "' is no org/name" +
                    (guess.empty() ? "; " : "; did you mean '" + guess + "'? ") +
                    "`sanctum models list` lists what is downloaded",
                "name");
  }
  const std::string repository = hub::repository_directory(model, cache);
  std::error_code ignored;
  if (!cache.empty() && std::filesystem::is_directory(repository, ignored)) return repository;
  if (auto why = cache.empty() ? "" : why_unreadable(repository); !why.empty())
    throw Error(ErrorCode::kUnavailable, why, "name");
  throw Error(ErrorCode::kNotFound,
              "'" + model + "' is not downloaded (" + cache + ")" +
                  did_you_mean(model, known, "`sanctum models list` lists what is"),
              "name");
}

void add_models_check(CLI::App& models, int& exit_code) {
  const auto options = std::make_shared<Options>();
  auto& command = *models.add_subcommand(
      "check", "Read a downloaded model: is every file there, with its length and its hash");
  command
      .add_option("name", options->name,
                  "org/name, as `sanctum models list` lists what is downloaded")
      ->required();
  command.add_option("--revision", options->revision, "A branch, a tag or a commit")
      ->type_name("R")
      ->check(not_empty())
      ->capture_default_str();
  command.footer(
      "Nobody is asked and nothing is changed. Other tools' downloads are checked alike.\n"
      "\n"
      "Example:\n"
      "  sanctum models check mlx-community/Qwen3-4B-4bit\n"
      "\n" +
      exit_codes("it is whole", "it is not, and each line says what"));
  on_chosen(command, exit_code, [options] { return check(*options); });
}

}  // namespace sanctum
