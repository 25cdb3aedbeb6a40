// Who runs code from files below a directory: executing_linux.cpp, executing_darwin.cpp.
#pragma once

#include <string>
#include <vector>

namespace sanctum::platform {

struct Executing {
  int pid = 0;
  std::string program;  // of the process
  std::string file;     // below the directory; its program, or a library of its
};

// Of the processes that we may look at; one entry for each process, deleted files included.
std::vector<Executing> executing_from(const std::string& directory);

// The libraries of this process that are no part of the system and work wherever they are copied,
// by absolute path. MLX for CUDA and NVIDIA's libraries are none of them.
std::vector<std::string> libraries_of_our_own();
// What those need beside them to compute, whether it is there or not: MLX's compiled shaders.
std::vector<std::string> files_beside_libraries();
// Of the environment: where the dynamic linker looks first.
const char* library_path_variable();

}  // namespace sanctum::platform
