#include "gguf/value_reader.h"

#include <cstdint>
#include <type_traits>

namespace sanctum::gguf {
namespace {

enum Kind : std::uint32_t {
  kUint8,
  kInt8,
  kUint16,
  kInt16,
  kUint32,
  kInt32,
  kFloat32,
  kBool,
  kString,
  kArray,
  kUint64,
  kInt64,
  kFloat64,
};

class ValueReader {
 public:
  ValueReader(Cursor& cursor, const Source& source, const std::string& key, MetadataRoom& room)
      : cursor_(cursor), source_(source), key_(key), room_(room), what_("the value of " + key) {}

  Value one(std::uint32_t kind) {
    switch (kind) {
      case kUint8:
        return std::uint64_t{cursor_.number<std::uint8_t>(what_)};
      case kInt8:
        return std::int64_t{cursor_.number<std::int8_t>(what_)};
      case kUint16:
        return std::uint64_t{cursor_.number<std::uint16_t>(what_)};
      case kInt16:
        return std::int64_t{cursor_.number<std::int16_t>(what_)};
      case kUint32:
        return std::uint64_t{cursor_.number<std::uint32_t>(what_)};
      case kInt32:
        return std::int64_t{cursor_.number<std::int32_t>(what_)};
      case kUint64:
        return cursor_.number<std::uint64_t>(what_);
      case kInt64:
        return cursor_.number<std::int64_t>(what_);
      case kFloat32:
        return double{cursor_.number<float>(what_)};
      case kFloat64:
        return cursor_.number<double>(what_);
      case kBool:
        return flag();
      case kString:
        return text();
      case kArray:
        return array(0);
      default:
        damaged(source_, what_ + " has the unknown type " + std::to_string(kind), key_);
    }
  }

 private:
  void take_room(std::uint64_t bytes) {
    if (bytes > room_.left)
      damaged(source_,
              "its metadata takes over " + std::to_string(kMetadataBytesMax >> 20) +
                  " MiB of memory with " + what_,
              key_);
    room_.left -= bytes;
  }

  std::string text() {
    std::string read = cursor_.string(kStringBytesMax, what_);
    take_room(read.size());
    return read;
  }

  bool flag() {
    const auto byte = cursor_.number<std::uint8_t>(what_);
    if (byte > 1) damaged(source_, what_ + " is neither true nor false", key_);
    return byte == 1;
  }

  template <class T>
  std::vector<std::conditional_t<std::is_integral_v<T>, std::int64_t, double>> numbers(
      std::uint64_t length) {
    cursor_.need(length * sizeof(T), what_);
    take_room(length * sizeof(std::int64_t));
    std::vector<std::conditional_t<std::is_integral_v<T>, std::int64_t, double>> out;
    out.reserve(length);
    for (std::uint64_t i = 0; i < length; ++i)
      out.push_back(static_cast<typename decltype(out)::value_type>(cursor_.number<T>(what_)));
    return out;
  }

  Value array(int depth) {
    if (depth == kArrayDepthMax)
      damaged(source_,
              what_ + " has arrays nested more than " + std::to_string(kArrayDepthMax) + " deep",
              key_);
    const auto kind = cursor_.number<std::uint32_t>(what_);
    const auto length = cursor_.number<std::uint64_t>(what_);
    if (length > kArrayLengthMax)
      damaged(source_,
              what_ + " claims " + std::to_string(length) + " elements, over the limit of " +
                  std::to_string(kArrayLengthMax),
              key_);
    switch (kind) {
      case kUint8:
        return numbers<std::uint8_t>(length);
      case kInt8:
        return numbers<std::int8_t>(length);
      case kUint16:
        return numbers<std::uint16_t>(length);
      case kInt16:
        return numbers<std::int16_t>(length);
      case kUint32:
        return numbers<std::uint32_t>(length);
      case kInt32:
        return numbers<std::int32_t>(length);
      case kUint64:
        return numbers<std::uint64_t>(length);
      case kInt64:
        return numbers<std::int64_t>(length);
      case kFloat32:
        return numbers<float>(length);
      case kFloat64:
        return numbers<double>(length);
      case kBool: {
        cursor_.need(length, what_);
        take_room(length / 8);
        std::vector<bool> out;
        out.reserve(length);
        for (std::uint64_t i = 0; i < length; ++i) out.push_back(flag());
        return out;
      }
      case kString: {
        cursor_.need(length * sizeof(std::uint64_t), what_);  // each has at least its length
        take_room(length * sizeof(std::string));
        std::vector<std::string> out;
        out.reserve(length);
        for (std::uint64_t i = 0; i < length; ++i) out.push_back(text());
        return out;
      }
      case kArray: {
        for (std::uint64_t i = 0; i < length; ++i) array(depth + 1);
        return Skipped{};
      }
      default:
        damaged(source_, what_ + " is an array of the unknown type " + std::to_string(kind), key_);
    }
  }

  Cursor& cursor_;
  const Source& source_;
  const std::string& key_;
  MetadataRoom& room_;
  const std::string what_;
};

}  // namespace

Value read_value(Cursor& cursor, const Source& source, const std::string& key, MetadataRoom& room) {
  const auto kind = cursor.number<std::uint32_t>("the type of " + key);
  return ValueReader(cursor, source, key, room).one(kind);
}

}  // namespace sanctum::gguf
