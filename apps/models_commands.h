// The subcommands of `sanctum models` that are about what lies on the disk, each added to it.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace sanctum {

void add_models_pull(CLI::App& models, int& exit_code);
void add_models_list(CLI::App& models, int& exit_code);
void add_models_check(CLI::App& models, int& exit_code);
void add_models_remove(CLI::App& models, int& exit_code);
void add_models_import(CLI::App& models, int& exit_code);
void add_models_architectures(CLI::App& models, int& exit_code);
void add_models_convert(CLI::App& models, int& exit_code);  // convert and quantize

// models--org--name of the cache. Throws Error(kInvalid) for what is no org/name, and
// for what another program keeps, naming it, Error(kNotFound)
// that guesses what was meant where it was never downloaded.
std::string downloaded_directory(const std::string& model);

}  // namespace sanctum
