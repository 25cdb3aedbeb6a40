#include "supervisor/service_unit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace sanctum::supervisor {
namespace {

using testing::HasSubstr;
using testing::Not;

ServiceUnit awkward() {
  ServiceUnit unit;
  unit.arguments = {"/opt/san ctum/bin/sanctum",
                    "serve",
                    "--listen",
                    "127.0.0.1:1338",
                    "a \"quoted\" \\ word",
                    "100%",
                    "$HOME",
                    "",
                    "<&>"};
  unit.restarts = unit.starts_at_boot = true;
  unit.stop_limit = std::chrono::seconds(45);
  unit.environment = {{"HOME", "/root"}, {"SANCTUM_X", "a \"b\" 100% $HOME = <&> \\"}};
  return unit;
}

TEST(ServiceUnit, SystemdGetsBackWhatWasWritten) {
  for (const bool system : {false, true})
    EXPECT_EQ(parse_systemd_unit(systemd_unit(awkward(), system)), awkward());
  const std::string text = systemd_unit(awkward(), false);
  EXPECT_THAT(text, HasSubstr("Type=notify"));
  EXPECT_THAT(text, HasSubstr("WatchdogSec="));
  EXPECT_THAT(text, HasSubstr("\nSuccessExitStatus=3\n"))
      << "a stop that cut requests is no failure";
  EXPECT_THAT(text, HasSubstr("WantedBy=default.target"));
  EXPECT_THAT(systemd_unit(awkward(), true), HasSubstr("WantedBy=multi-user.target"));
}

TEST(ServiceUnit, LaunchdGetsBackWhatWasWritten) {
  EXPECT_EQ(parse_launchd_plist(launchd_plist(awkward())), awkward());
}

TEST(ServiceUnit, WhatAPersonChangedIsSeen) {
  const auto unit = parse_systemd_unit("[Service]\nExecStart=/usr/bin/sanctum serve\nRestart=no\n");
  EXPECT_EQ(unit.arguments, (std::vector<std::string>{"/usr/bin/sanctum", "serve"}));
  EXPECT_FALSE(unit.restarts);
  EXPECT_FALSE(unit.starts_at_boot);
}

TEST(ServiceUnit, AFileThatStartsNothingIsAnError) {
  EXPECT_THROW(parse_systemd_unit(""), Error);
  EXPECT_THROW(parse_systemd_unit("[Service]\nRestart=always\n"), Error);
  EXPECT_THROW(parse_launchd_plist("<plist><dict/></plist>"), Error);
}

// A variable that held one was a directive of its own: another program, run at every start.
TEST(ServiceUnit, HoldsNoControlCharacters) {
  ServiceUnit unit;
  unit.arguments = {"/opt/sanctum", "serve"};
  unit.environment = {{"SANCTUM_FALLBACK_COMMAND", "a\nExecStartPre=/bin/false"}};
  EXPECT_THROW(systemd_unit(unit, false), Error);
  unit.environment.clear();
  unit.arguments.emplace_back("a\rb");
  EXPECT_THROW(systemd_unit(unit, false), Error);
  EXPECT_THROW(launchd_plist(unit), Error);
}

// It was read, and could not be written again.
TEST(ServiceUnit, AFileWithAControlCharacterIsAnError) {
  const std::string exec = "[Service]\nExecStart=/bin/sanctum";
  EXPECT_THROW(parse_systemd_unit(exec + std::string(3, '\0') + "\n"), Error);
  EXPECT_THROW(parse_systemd_unit(exec + "\nEnvironment=\"A=\x01\"\n"), Error);
  EXPECT_EQ(parse_systemd_unit(exec + "\tserve\n").arguments,
            (std::vector<std::string>{"/bin/sanctum", "serve"}))
      << "a tab separates, as a space does";
  EXPECT_THROW(
      parse_launchd_plist("<key>ProgramArguments</key><array><string>a\x02</string></array>"),
      Error);
}

}  // namespace
}  // namespace sanctum::supervisor
