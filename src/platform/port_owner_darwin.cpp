#include <libproc.h>
#include <netinet/in.h>
#include <sys/proc_info.h>

#include <cstddef>
#include <vector>

#include "platform/port_owner.h"

namespace sanctum::platform {
namespace {

bool listens_at(int pid, int descriptor, std::uint16_t port) {
  socket_fdinfo info{};
  if (::proc_pidfdinfo(pid, descriptor, PROC_PIDFDSOCKETINFO, &info, sizeof info) !=
      static_cast<int>(sizeof info))
    return false;
  if (info.psi.soi_kind != SOCKINFO_TCP) return false;
  const tcp_sockinfo& tcp = info.psi.soi_proto.pri_tcp;
  return tcp.tcpsi_state == TSI_S_LISTEN &&
         ntohs(static_cast<std::uint16_t>(tcp.tcpsi_ini.insi_lport)) == port;
}

bool listens_at(int pid, std::uint16_t port) {
  const int bytes = ::proc_pidinfo(pid, PROC_PIDLISTFDS, 0, nullptr, 0);
  if (bytes <= 0) return false;
  std::vector<proc_fdinfo> all(static_cast<std::size_t>(bytes) / sizeof(proc_fdinfo));
  const int got = ::proc_pidinfo(pid, PROC_PIDLISTFDS, 0, all.data(),
                                 static_cast<int>(all.size() * sizeof(proc_fdinfo)));
  if (got <= 0) return false;
  all.resize(static_cast<std::size_t>(got) / sizeof(proc_fdinfo));
  for (const proc_fdinfo& each : all) {
    if (each.proc_fdtype == PROX_FDTYPE_SOCKET && listens_at(pid, each.proc_fd, port)) return true;
  }
  return false;
}

}  // namespace

std::optional<PortOwner> port_owner(std::uint16_t port) {
  const int count = ::proc_listallpids(nullptr, 0);
  if (count <= 0) return std::nullopt;
  std::vector<int> pids(static_cast<std::size_t>(count) * 2);  // there may be more by now
  const int got =
      ::proc_listallpids(pids.data(), static_cast<int>(pids.size() * sizeof pids.front()));
  for (int i = 0; i < got; ++i) {
    const int pid = pids[static_cast<std::size_t>(i)];
    if (!listens_at(pid, port)) continue;
    char name[2 * MAXCOMLEN] = {};
    ::proc_name(pid, name, sizeof name);
    return PortOwner{pid, name};
  }
  return std::nullopt;
}

}  // namespace sanctum::platform
