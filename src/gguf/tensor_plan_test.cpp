#include "gguf/tensor_plan.h"

#include <gtest/gtest.h>

#include "gguf/test_file.h"

namespace sanctum::gguf {
namespace {

// Says how much was read of it.
class CountedSource final : public Source {
 public:
  explicit CountedSource(std::string bytes) : memory_(std::move(bytes)) {}
  const std::string& name() const override { return memory_.name(); }
  std::uint64_t bytes() const override { return memory_.bytes(); }
  void read(std::uint64_t from, std::byte* to, std::size_t bytes) const override {
    read_ += bytes;
    memory_.read(from, to, bytes);
  }
  std::uint64_t take_read() const { return std::exchange(read_, 0); }

 private:
  MemorySource memory_;
  mutable std::uint64_t read_ = 0;
};

// `models list` looks at every file that is there.
TEST(TensorPlan, ALookReadsTheBeginningAlone) {
  constexpr std::uint64_t kNumbers = 1 << 20;
  std::string numbers(kNumbers * 4, '\0');
  const std::string third = raw(1.0f / 3);
  numbers.replace(numbers.size() - third.size(), third.size(), third);
  FileMaker file;
  file.text("general.architecture", "llama");
  file.tensor("token_embd.weight", {kNumbers}, Type::kF32, numbers);
  const CountedSource source(file.bytes());
  const Header header = read_header(source);
  source.take_read();
  const auto form = [&](Look look) {
    const Architecture& llama = architecture(source.name(), "llama");
    return plan_tensors(source, header, llama, {}, look).tensors.front().form;
  };
  EXPECT_EQ(form(Look::kBeginning), Form::kFloat16);
  EXPECT_EQ(source.take_read(), kPieceBytes);
  EXPECT_EQ(form(Look::kAll), Form::kFloat32);
  EXPECT_EQ(source.take_read(), kNumbers * 4);
}

}  // namespace
}  // namespace sanctum::gguf
