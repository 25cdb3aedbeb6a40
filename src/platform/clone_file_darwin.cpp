#include <copyfile.h>
#include <sys/clonefile.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "platform/clone_file.h"

namespace sanctum::platform {

void clone_file(const std::string& from, const std::string& to) {
  if (::clonefile(from.c_str(), to.c_str(), 0) == 0) return;
  if (::copyfile(from.c_str(), to.c_str(), nullptr, COPYFILE_ALL | COPYFILE_EXCL) != 0)
    throw Error(ErrorCode::kUnavailable,
                "cannot copy " + from + " to " + to + ": " + std::strerror(errno));
}

}  // namespace sanctum::platform
