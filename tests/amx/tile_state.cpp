#include "tile_state.h"

#include <algorithm>
#include <cstring>

#include "fault.h"

namespace sanctum::amx {
namespace {

constexpr int kConfigBytes = 64, kRowBytesAt = 16, kReservedAt = 32, kRowsAt = 48;

bool all_zero(const std::uint8_t* from, int first, int last) {
  return std::all_of(from + first, from + last, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

void TileState::load_config(const std::uint8_t* from) {
  constexpr const char* kWho = "LDTILECFG";
  TileState next;
  next.palette_ = from[0];
  require(next.palette_ <= 1, kWho, "#GP: there is no such palette");
  if (next.palette_ == 0) return release();
  require(from[1] == 0, kWho, "resuming at a row is not emulated");
  require(all_zero(from, 2, kRowBytesAt) && all_zero(from, kReservedAt, kRowsAt) &&
              all_zero(from, kRowsAt + kTiles, kConfigBytes),
          kWho, "#GP: a reserved byte is not zero");
  for (int tile = 0; tile < kTiles; ++tile) {
    std::memcpy(&next.row_bytes_[tile], from + kRowBytesAt + 2 * tile, 2);
    next.rows_[tile] = from[kRowsAt + tile];
    require(next.rows_[tile] <= kTileRows, kWho, "#GP: a tile of too many rows");
    require(next.row_bytes_[tile] <= kTileRowBytes, kWho, "#GP: a tile of too long rows");
    require((next.rows_[tile] == 0) == (next.row_bytes_[tile] == 0), kWho,
            "#GP: a tile of rows without bytes or bytes without rows");
  }
  *this = next;
}

void TileState::store_config(std::uint8_t* to) const {
  std::memset(to, 0, kConfigBytes);
  to[0] = palette_;
  std::memcpy(to + kRowBytesAt, row_bytes_, sizeof row_bytes_);
  std::memcpy(to + kRowsAt, rows_, sizeof rows_);
}

void TileState::require_valid(const char* who, int tile) const {
  require(configured(), who, "#UD: no tiles are configured");
  require(rows_[tile] != 0, who, "#UD: a tile that the configuration leaves out");
}

void TileState::zero(int tile) {
  require_valid("TILEZERO", tile);
  std::memset(tiles_[tile], 0, sizeof tiles_[tile]);
}

void TileState::load(int tile, const std::uint8_t* from, std::uint64_t stride) {
  constexpr const char* kWho = "TILELOADD";
  require_valid(kWho, tile);
  require(row_bytes_[tile] % 4 == 0, kWho, "#UD: rows that are not a multiple of 4 bytes");
  std::memset(tiles_[tile], 0, sizeof tiles_[tile]);
  for (int row = 0; row < rows_[tile]; ++row)
    std::memcpy(tiles_[tile][row], from + row * stride, row_bytes_[tile]);
}

void TileState::store(int tile, std::uint8_t* to, std::uint64_t stride) const {
  constexpr const char* kWho = "TILESTORED";
  require_valid(kWho, tile);
  require(row_bytes_[tile] % 4 == 0, kWho, "#UD: rows that are not a multiple of 4 bytes");
  for (int row = 0; row < rows_[tile]; ++row)
    std::memcpy(to + row * stride, tiles_[tile][row], row_bytes_[tile]);
}

void TileState::require_product(const char* who, int sums, int first, int second) const {
  for (const int tile : {sums, first, second}) {
    require_valid(who, tile);
    require(row_bytes_[tile] % 4 == 0, who, "#UD: rows that are not a multiple of 4 bytes");
  }
  require(sums != first && sums != second && first != second, who, "#UD: one tile twice");
  require(rows_[sums] == rows_[first], who, "#UD: sums and first source differ in rows");
  require(row_bytes_[sums] == row_bytes_[second], who,
          "#UD: sums and second source differ in a row's bytes");
  require(row_bytes_[first] / 4 == rows_[second], who, "#UD: the sources differ in depth");
}

void TileState::multiply(Product product, const char* who, int sums, int first, int second) {
  require_product(who, sums, first, second);
  product({rows_[sums], row_bytes_[sums] / 4, rows_[second]}, tiles_[sums], tiles_[first],
          tiles_[second]);
}

}  // namespace sanctum::amx
