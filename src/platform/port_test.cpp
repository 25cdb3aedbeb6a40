#include "platform/port.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/port_owner.h"

namespace sanctum::platform {
namespace {

TEST(Port, AcceptsWhileSomebodyListens) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, generic, size), 0);
  ASSERT_EQ(::getsockname(listener, generic, &size), 0);
  const std::uint16_t port = ntohs(address.sin_port);
  EXPECT_FALSE(port_accepts("127.0.0.1", port)) << "bound, but nobody listens";
  ASSERT_EQ(::listen(listener, 1), 0);
  EXPECT_TRUE(port_accepts("127.0.0.1", port));
  const auto owner = port_owner(port);
  ASSERT_TRUE(owner.has_value());
  EXPECT_EQ(owner->pid, ::getpid());
  EXPECT_EQ(owner->program, "platform_test");
  ::close(listener);
  EXPECT_FALSE(port_owner(port).has_value());
  EXPECT_FALSE(port_accepts("127.0.0.1", port));
  EXPECT_FALSE(port_accepts("no address", port));
}

}  // namespace
}  // namespace sanctum::platform
