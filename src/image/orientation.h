// Which way up a picture was taken: read from EXIF or XMP, applied to the pixels.
//
// Metadata that cannot be read means "as stored", never an error: it is decoration.
#pragma once

#include <optional>
#include <string_view>

#include "image/picture.h"

namespace sanctum::image {

// The orientation (1 to 8) in an EXIF block, with or without its "Exif\0\0" prefix.
std::optional<int> exif_orientation(std::string_view exif);
// The orientation (1 to 8) in an XMP packet.
std::optional<int> xmp_orientation(std::string_view xmp);

// Turns and mirrors as `orientation` says; anything but 2 to 8 leaves the picture alone.
Picture oriented(Picture stored, int orientation);

}  // namespace sanctum::image
