// The subcommands of sanctum. Each adds itself to the application; when chosen, its callback runs
// it and stores the process's exit code.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace sanctum {

// `arguments`: those after `serve`.
void add_serve(CLI::App& app, const std::vector<std::string>& arguments, int& exit_code);
void add_parts_of_serve(CLI::App& app, int& exit_code);
void add_certs(CLI::App& app, int& exit_code);
void add_config(CLI::App& app, int& exit_code);
void add_chat(CLI::App& app, int& exit_code);
void add_status(CLI::App& app, int& exit_code);
void add_smoke(CLI::App& app, int& exit_code);
void add_stop(CLI::App& app, int& exit_code);
void add_stress(CLI::App& app, int& exit_code);
void add_doctor(CLI::App& app, int& exit_code);
void add_fallback(CLI::App& app, int& exit_code);
void add_incidents(CLI::App& app, int& exit_code);
void add_keys(CLI::App& app, int& exit_code);
void add_launch(CLI::App& app, int& exit_code);
void add_models(CLI::App& app, int& exit_code);
void add_probe(CLI::App& app, int& exit_code);
void add_release(CLI::App& app, int& exit_code);
void add_restart(CLI::App& app, int& exit_code);
void add_service(CLI::App& app, int& exit_code);
void add_switch(CLI::App& app, int& exit_code);
void add_worker(CLI::App& app, int& exit_code);

}  // namespace sanctum
