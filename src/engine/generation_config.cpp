#include "engine/generation_config.h"

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "text/model_files.h"
#include "wire/sampling.h"

namespace sanctum::engine {

wire::SamplingChoice sampling_of_maker(const std::string& model_directory) {
  wire::SamplingChoice choice;
  const std::string file = model_directory + "/generation_config.json";
  text::read_json_object(file, [&](const json::Node& root) {
    try {
      choice = wire::read_choice(root);
    } catch (const Error& error) {
      log::warn("sampling_defaults_ignored", {{"file", file}, {"error", error.what()}});
    }
  });
  return choice;
}

}  // namespace sanctum::engine
