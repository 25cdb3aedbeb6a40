#include "kernels/isa.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace sanctum::kernels {
namespace {

TEST(Isa, EveryMachineHasThePortablePathAndNamesAreReadBack) {
  const std::vector<Isa> here = available_isas();
  ASSERT_FALSE(here.empty());
  EXPECT_EQ(here.front(), Isa::kPortable);
  for (const Isa isa : here) EXPECT_EQ(isa_named(to_string(isa)), isa);
  EXPECT_EQ(isa_named("mmx"), std::nullopt);
}

TEST(Isa, TheFastestIsChosenUnlessOneIsForced) {
  EXPECT_EQ(choose_isa(nullptr), fastest_of(available_isas()));
  EXPECT_EQ(choose_isa(""), fastest_of(available_isas()));
  EXPECT_EQ(choose_isa("portable"), Isa::kPortable);
}

TEST(Isa, ThePathForTestsIsThereToBeForcedAndNeverChosen) {
  EXPECT_EQ(fastest_of({Isa::kPortable, Isa::kPortableTiles}), Isa::kPortable);
  EXPECT_EQ(fastest_of({Isa::kPortable, Isa::kPortableTiles, Isa::kAvx2}), Isa::kAvx2);
  EXPECT_NE(choose_isa(nullptr), Isa::kPortableTiles);
  EXPECT_EQ(choose_isa("portable-tiles"), Isa::kPortableTiles);
}

TEST(Isa, AnUnknownOneIsRefusedNamingTheVariableAndWhatThereIs) {
  try {
    choose_isa("mmx");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.field(), "SANCTUM_KERNELS_ISA");
    EXPECT_NE(std::string(error.what()).find("portable"), std::string::npos);
  }
}

}  // namespace
}  // namespace sanctum::kernels
