// Pictures and files the tests of this folder share.
#pragma once

#include <sstream>
#include <string>

#include "base/test_directory.h"
#include "image/picture.h"

namespace sanctum::image {

inline std::string testdata(const std::string& name) {
  return source_directory() + "/src/image/testdata/" + name;
}

inline std::istringstream testdata_lines(const std::string& name) {
  return std::istringstream(read_file(testdata(name)));
}

// "noise": any value; "edges": 0 or 255 only, so that filters overshoot. As in make_goldens.py.
inline Picture test_picture(const std::string& kind, int width, int height) {
  Picture picture{width, height, {}};
  std::uint32_t state = static_cast<std::uint32_t>(width) * 65536u + height;
  for (std::size_t i = 0; i < static_cast<std::size_t>(width) * height * 3; ++i) {
    state = state * 1664525u + 1013904223u;
    picture.rgb.push_back(kind == "noise" ? state >> 24 : (state >> 31) * 255);
  }
  return picture;
}

}  // namespace sanctum::image
