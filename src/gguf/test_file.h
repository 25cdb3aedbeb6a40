// For tests: GGUF files made by hand, damaged or not.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "base/error.h"
#include "gguf/source.h"
#include "gguf/tensor_type.h"

namespace sanctum::gguf {

class MemorySource final : public Source {
 public:
  explicit MemorySource(std::string bytes) : bytes_(std::move(bytes)) {}
  const std::string& name() const override { return name_; }
  std::uint64_t bytes() const override { return bytes_.size(); }
  void read(std::uint64_t from, std::byte* to, std::size_t bytes) const override {
    if (from > bytes_.size() || bytes > bytes_.size() - from)
      throw Error(ErrorCode::kCorrupt, name_ + " was read past its end");
    std::memcpy(to, bytes_.data() + from, bytes);
  }

 private:
  std::string name_ = "test.gguf";
  std::string bytes_;
};

template <class T>
std::string raw(T value) {
  std::string out(sizeof value, '\0');
  std::memcpy(out.data(), &value, sizeof value);
  return out;
}

inline std::string raw_string(const std::string& text) {
  return raw<std::uint64_t>(text.size()) + text;
}

class FileMaker {
 public:
  FileMaker& key(const std::string& name, std::uint32_t type, const std::string& value) {
    keys_ += raw_string(name) + raw(type) + value;
    ++key_count;
    return *this;
  }
  FileMaker& u32(const std::string& name, std::uint32_t value) { return key(name, 4, raw(value)); }
  FileMaker& i32s(const std::string& name, const std::vector<std::int32_t>& values) {
    std::string out = raw<std::uint32_t>(5) + raw<std::uint64_t>(values.size());
    for (const auto value : values) out += raw(value);
    return key(name, 9, out);
  }
  FileMaker& f32(const std::string& name, float value) { return key(name, 6, raw(value)); }
  FileMaker& text(const std::string& name, const std::string& value) {
    return key(name, 8, raw_string(value));
  }
  FileMaker& texts(const std::string& name, const std::vector<std::string>& values) {
    std::string out = raw<std::uint32_t>(8) + raw<std::uint64_t>(values.size());
    for (const auto& value : values) out += raw_string(value);
    return key(name, 9, out);
  }
  // `shape` as the file has it: columns first.
  FileMaker& describe(const std::string& name, const std::vector<std::uint64_t>& shape,
                      std::uint32_t type, std::uint64_t offset) {
    infos_ += raw_string(name) + raw(static_cast<std::uint32_t>(shape.size()));
    for (const auto extent : shape) infos_ += raw(extent);
    infos_ += raw(type) + raw(offset);
    ++tensor_count;
    return *this;
  }
  FileMaker& tensor(const std::string& name, const std::vector<std::uint64_t>& shape, Type type,
                    const std::string& data) {
    data_.resize((data_.size() + 31) / 32 * 32);
    describe(name, shape, static_cast<std::uint32_t>(type), data_.size());
    data_ += data;
    return *this;
  }
  FileMaker& data(const std::string& bytes) {
    data_ += bytes;
    return *this;
  }
  std::string bytes() const {
    std::string out = "GGUF" + raw(version) + raw(tensor_count) + raw(key_count) + keys_ + infos_;
    out.resize((out.size() + 31) / 32 * 32);
    return out + data_;
  }

  std::uint32_t version = 3;
  std::uint64_t tensor_count = 0, key_count = 0;

 private:
  std::string keys_, infos_, data_;
};

}  // namespace sanctum::gguf
