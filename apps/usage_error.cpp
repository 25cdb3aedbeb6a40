#include "apps/usage_error.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "apps/command.h"
#include "apps/other_programs.h"
#include "base/nearest.h"

namespace sanctum {
namespace {

// Where the words went wrong: `sanctum run smoke` names no command, though smoke is one.
const CLI::App* innermost(const CLI::App* app) {
  const auto chosen = app->get_subcommands();
  const auto left = app->remaining();
  if (!left.empty() && !left.front().starts_with('-')) return app;
  return chosen.empty() ? app : innermost(chosen.front());
}

std::vector<std::string> flags_of(const CLI::App& command) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : command.get_options())
    for (const auto& name : option->get_lnames()) flags.push_back("--" + name);
  return flags;
}

std::vector<std::string> commands_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* each : command.get_subcommands([](const CLI::App*) { return true; }))
    if (!each->get_group().empty()) names.push_back(each->get_name());
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

// The words that nobody expected, each with what may have been meant.
std::string unexpected(const CLI::App& command, const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    const bool flag = word.rfind('-', 0) == 0;
    const std::string name = word.substr(0, word.find('='));
    const auto known = flag ? flags_of(command) : commands_of(command);
    text += (text.empty() ? "" : "\n") + full_name(command) + ": ";
    text += (flag || known.empty() ? "'" + name + "' is not expected here"
                                   : "no command '" + name + "'");
    const bool others_have_it =
        flag ? command.get_name() == "serve" : command.get_parent() == nullptr;
    std::string instead = others_have_it ? here_instead(name) : std::string();
    if (!flag && command.get_name() == "models") instead = here_instead_of_models(name);
    if (means_remove(name) && std::find(known.begin(), known.end(), "remove") != known.end())
      instead = "`" + full_name(command) + " remove` does that";
    if (flag && command.get_name() == "launch" && instead.empty() &&
        did_you_mean(name, known).empty())
      instead = "what is the agent's own stands behind --: `sanctum launch AGENT -- " + name + "`";
    text += instead.empty() ? did_you_mean(name, known) : "; " + instead;
    if (!flag && !known.empty()) break;  // what follows was meant for it
  }
  return text;
}

}  // namespace

std::string help_by_slip(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word == "--") return {};
    if (!word.starts_with("-h") || word.size() == 2) continue;
    const std::string command =
        words.front().starts_with('-') ? "sanctum" : "sanctum " + words.front();
    const std::string name = word.substr(0, word.find('='));
    const std::string instead = words.front() == "serve" ? here_instead(name) : "";
    return command + ": '" + name + "' is not expected here" +
           (instead.empty() ? "" : "; " + instead) + "\n`" + command +
           " --help` lists what there is.\n";
  }
  return {};
}

std::string usage_error(const CLI::App* app, const CLI::Error& error) {
  const CLI::App& command = *innermost(app);
  std::string text = full_name(command) + ": " + error.what();
  // A slip in a command's name is told as a command that is missing.
  if (const auto left = command.remaining(); !left.empty()) text = unexpected(command, left);
  // Whoever names none wants to know which there are.
  else if (const auto known = commands_of(command); !known.empty())
    text += "; there " + std::string(known.size() == 1 ? "is " : "are ") + listed(known);
  return text + "\n`" + full_name(command) + " --help` lists what there is.\n";
}

}  // namespace sanctum
