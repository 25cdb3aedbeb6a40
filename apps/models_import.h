// `sanctum models import`, a command below `sanctum models`.
#pragma once

namespace CLI {
class App;
}

namespace sanctum {

void add_models_import(CLI::App& models, int& exit_code);

}  // namespace sanctum
