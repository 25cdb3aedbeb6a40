// The subcommands of `sanctum models` that are about what lies on the disk, each added to it.
#pragma once

#include <functional>
#include <string>
#include <vector>

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

// models--org--name of the cache. Throws Error(kInvalid) for what is no org/name, and for what
// another program keeps, naming it and how that does it (`of_owner`: foreign_models.h), and
// Error(kNotFound) where it was never downloaded; both guess what was meant.
std::string downloaded_directory(const std::string& model,
                                 const std::function<std::string(const std::string&)>& of_owner);

// STATE_DIR/imported: of the one that was told, else of the default one and of all servers that
// run.
std::vector<std::string> imports_directories(const std::string& told_state_dir);

// Whether a person wants `what` removed; if not, it was said that it stays.
using Agreed = std::function<bool(const std::string& what)>;
// An import by its name, and those whose file is gone or another, but for what a server serves.
// `state_dir`: as imports_directories. Return the exit code; throw Error.
int remove_import_called(const std::string& name, const std::string& state_dir,
                         const Agreed& agreed);
int remove_unused_imports(const std::string& state_dir, const Agreed& agreed);

}  // namespace sanctum
