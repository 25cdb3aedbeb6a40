#include "gateway/content_coding.h"

#include <zlib.h>

#include <array>

#include "base/invariant.h"
#include "gateway/http_headers.h"

namespace sanctum::gateway {
namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr int kGzipOnly = 16;  // added to the window's bits

class Inflater {
 public:
  Inflater() {
    SANCTUM_INVARIANT(::inflateInit2(&stream_, MAX_WBITS + kGzipOnly) == Z_OK, "zlib starts");
  }
  ~Inflater() { ::inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
};

}  // namespace

ContentCoding content_coding(std::string_view header) {
  const std::string name = lower_case(trimmed(header));
  if (name.empty() || name == "identity") return ContentCoding::kNone;
  if (name == "gzip" || name == "x-gzip") return ContentCoding::kGzip;
  return ContentCoding::kUnknown;
}

Decoded gunzip(std::string_view packed, std::uint64_t bytes_max) {
  Decoded broken{{}, 400, "the body is no gzip, as its Content-Encoding says that it is"};
  Inflater inflater;
  z_stream& stream = inflater.stream();
  // zlib only reads from it, whatever its type says.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  Decoded out;
  std::array<char, kPieceBytes> piece;
  for (bool whole = false; !whole || stream.avail_in > 0;) {
    if (whole && ::inflateReset(&stream) != Z_OK) return broken;  // another member follows
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int result = ::inflate(&stream, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END) return broken;
    whole = result == Z_STREAM_END;
    const std::size_t count = piece.size() - stream.avail_out;
    if (!whole && count == 0 && stream.avail_in == 0) return broken;  // cut off
    if (out.bytes.size() + count > bytes_max) {
      return {{}, 413, "the body has more than " + std::to_string(bytes_max) + " bytes unpacked"};
    }
    out.bytes.append(piece.data(), count);
  }
  return out;
}

}  // namespace sanctum::gateway
