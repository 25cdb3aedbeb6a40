#include "apps/command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <utility>

#include "apps/not_empty.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "client/running_servers.h"

namespace sanctum {
namespace {

// `serve` and its parts have codes of their own.
bool serves(const CLI::App& command) {
  return command.get_name() == "serve" || command.get_group().empty();
}

int exit_code_of(const CLI::App& command, const std::function<int()>& action) {
  try {
    return action();
  } catch (const Exit& exit) {
    log::last_words(full_name(command) + ": " + exit.message);
    return exit.code;
  } catch (const Error& error) {
    log::last_words(full_name(command) + ": " + error.what());
    return kExitUsage;
  } catch (const std::exception& error) {
    if (serves(command)) throw;
    log::last_words(full_name(command) + ": " + error.what());
    return kExitUsage;
  }
}

}  // namespace

std::string full_name(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return (parent == nullptr ? "" : full_name(*parent) + " ") + command.get_name();
}

void add_state_dir(CLI::App& command, std::string& told) {
  command
      .add_option("--state-dir", told,
                  "The server's (default: that of the only one that runs, else "
                  "$XDG_STATE_HOME/sanctum or ~/.local/state/sanctum)")
      ->type_name("DIR")
      ->check(not_empty())
      ->envname("SANCTUM_STATE_DIR");
}

std::string state_dir_or_default(const std::string& told) {
  if (!told.empty()) return told;
  const auto server = client::only_running_server(client::process_environment);
  return server ? server->state_dir : client::default_state_dir();
}

std::string readable_state_dir(const std::string& told) {
  const std::string directory = state_dir_or_default(told);
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error))
    throw Error(ErrorCode::kNotFound,
                "there is no state directory " + directory +
                    ": no server has served with it; name the server's with --state-dir");
  if (::access(directory.c_str(), R_OK | X_OK) != 0)
    throw Error(ErrorCode::kUnavailable,
                "the state directory " + directory + " may not be read; ask as its owner");
  return directory;
}

void add_server_options(CLI::App& command, client::EndpointOptions& options) {
  command
      .add_option("--url", options.url,
                  "A server elsewhere, e.g. http://gpu:1338 or https://gpu:1337 (default: "
                  "$SANCTUM_URL, else the only one of yours that runs here)")
      ->type_name("URL");
  command.add_option("--cert", options.certificate, "Client certificate for https (PEM)")
      ->type_name("FILE");
  command.add_option("--key", options.key, "Key of the client certificate (PEM)")
      ->type_name("FILE");
  // $SANCTUM_API_KEY is read where the endpoint is resolved.
  command
      .add_option("--api-key", options.api_key,
                  "API key (default: $SANCTUM_API_KEY, which other users cannot see in the list of "
                  "processes; of a server of one's own, the key that it made)")
      ->type_name("KEY");
  command.add_option("--cacert", options.authority, "Authority that signed the server (PEM)")
      ->type_name("FILE");
  command
      .add_option("--state-dir", options.state_dir,
                  "Which of your servers, where several run; its certificates and its key for "
                  "your commands go with what is asked")
      ->type_name("DIR")
      ->check(not_empty())
      ->check(not_empty())
      ->envname("SANCTUM_STATE_DIR");
}

std::string exit_codes(const std::string& yes, const std::string& no) {
  return "Exit codes: 0 " + yes + (no.empty() ? "" : ", 1 " + no) +
         ", 2 it could not be done; the message says why";
}

void on_chosen(CLI::App& command, int& exit_code, std::function<int()> action) {
  command.callback([&command, &exit_code, action = std::move(action)] {
    exit_code = exit_code_of(command, action);
  });
}

}  // namespace sanctum
