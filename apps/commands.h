// The subcommands of sanctum. Each adds itself to the application; when chosen, its callback runs
// it and stores the process's exit code.
#pragma once

namespace CLI {
class App;
}

namespace sanctum {

void add_serve(CLI::App& app, int& exit_code);
void add_certs(CLI::App& app, int& exit_code);
void add_chat(CLI::App& app, int& exit_code);
void add_status(CLI::App& app, int& exit_code);
void add_smoke(CLI::App& app, int& exit_code);
void add_stress(CLI::App& app, int& exit_code);

}  // namespace sanctum
