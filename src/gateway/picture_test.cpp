#include "gateway/picture.h"

#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/error.h"

namespace sanctum::gateway {
namespace {

std::string bytes(std::initializer_list<int> values) {
  return std::string(values.begin(), values.end());
}

std::string big32(unsigned n) {
  return bytes({int(n >> 24), int(n >> 16 & 255), int(n >> 8 & 255), int(n & 255)});
}

std::string png(unsigned width, unsigned height) {
  return "\x89PNG\r\n\x1a\n" + big32(13) + "IHDR" + big32(width) + big32(height) +
         bytes({8, 2, 0, 0, 0}) + big32(0);
}

std::string jpeg(int width, int height, const std::string& before = {}) {
  return bytes({0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 1}) + before +
         bytes({0xFF, 0xC2, 0, 17, 8, height >> 8, height & 255, width >> 8, width & 255, 3, 1,
                0x11, 0}) +
         std::string(20, '\0');
}

std::string webp(const std::string& chunk) {
  return "RIFF" + big32(0) + "WEBP" + chunk + std::string(20, '\0');
}

std::string refusal(const std::string& picture) {
  try {
    read_picture_header(picture, "f");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalid);
    EXPECT_EQ(error.field(), "f");
    return error.what();
  }
  return "accepted";
}

std::string url_refusal(const std::string& url) {
  try {
    decode_picture_url(url, "f");
  } catch (const Error& error) {
    EXPECT_EQ(error.field(), "f");
    return error.what();
  }
  return "accepted";
}

void expect_size(const std::string& picture, std::string_view format, int width, int height) {
  const PictureHeader header = read_picture_header(picture, "f");
  EXPECT_EQ(header.format, format);
  EXPECT_EQ(header.width, width);
  EXPECT_EQ(header.height, height);
}

TEST(PictureHeader, ReadsTheSizeOfEachFormat) {
  expect_size(png(1, 1), "png", 1, 1);
  expect_size(png(640, 480), "png", 640, 480);
  expect_size(jpeg(300, 200), "jpeg", 300, 200);
  expect_size(jpeg(300, 200, bytes({0xFF, 0xFF, 0xDB, 0, 3, 7, 0xFF, 0xC4, 0, 2})), "jpeg", 300,
              200);
  expect_size(webp("VP8X" + big32(0) + bytes({0, 0, 0, 0, 99, 1, 0, 49, 0, 0})), "webp", 356, 50);
  expect_size(webp("VP8L" + big32(0) + bytes({0x2F, 0x0F, 0x40, 0x02, 0})), "webp", 16, 10);
  expect_size(webp("VP8 " + big32(0) + bytes({0, 0, 0, 0x9D, 0x01, 0x2A, 0x40, 1, 0xF0, 0})),
              "webp", 320, 240);
}

TEST(PictureHeader, ReadsGifAndBmp) {
  expect_size("GIF87a" + bytes({3, 1, 2, 0, 0, 0, 0}), "gif", 259, 2);
  expect_size("GIF89a" + bytes({3, 1, 2, 0, 0x80, 0, 0}), "gif", 259, 2);
  const std::string file = "BM" + std::string(12, '\0');
  expect_size(file + bytes({12, 0, 0, 0, 7, 1, 5, 0, 1, 0, 24, 0}), "bmp", 263, 5);
  expect_size(file + bytes({40, 0, 0, 0, 7, 1, 0, 0, 5, 0, 0, 0}), "bmp", 263, 5);
  expect_size(file + bytes({124, 0, 0, 0, 7, 1, 0, 0, 251, 255, 255, 255}), "bmp", 263, 5);
  EXPECT_NE(refusal("GIF89a").find("damaged"), std::string::npos);
  EXPECT_NE(refusal("BM").find("damaged"), std::string::npos);
  EXPECT_NE(refusal("GIF89a" + bytes({0, 0, 2, 0, 0, 0, 0})).find("without pixels"),
            std::string::npos);
  EXPECT_NE(refusal("GIF89a" + bytes({255, 255, 255, 255, 0, 0, 0})).find("65535x65535"),
            std::string::npos);
  EXPECT_NE(refusal(file + bytes({40, 0, 0, 0, 0, 0, 0, 128, 0, 0, 0, 128})), "accepted");
  EXPECT_NE(refusal(file + bytes({40, 0, 0, 0, 255, 255, 255, 127, 0, 0, 0, 128})), "accepted");
}

TEST(PictureHeader, RefusesWhatIsNone) {
  for (const std::string& text :
       {std::string(), std::string("hello"), std::string("GIF88a"), std::string("<svg/>"),
        std::string("\x89PNG\r\n"), std::string("RIFF....AVI ")}) {
    EXPECT_NE(refusal(text).find("must be a PNG, JPEG, WebP, GIF or BMP"), std::string::npos)
        << text;
  }
}

TEST(PictureHeader, RefusesDamagedHeadersAtEveryLength) {
  for (const std::string& whole : {png(5, 5).substr(0, 33), jpeg(5, 5).substr(0, 18)}) {
    for (std::size_t n = 0; n < whole.size(); ++n)
      EXPECT_NE(refusal(whole.substr(0, n)), "accepted") << n;
  }
  EXPECT_NE(refusal(bytes({0xFF, 0xD8, 0xFF, 0xDA}) + std::string(30, 'x')).find("damaged"),
            std::string::npos);
  EXPECT_NE(refusal(webp("VP8L" + big32(0) + bytes({1}))).find("damaged"), std::string::npos);
}

TEST(PictureHeader, RefusesBombsAndNothing) {
  EXPECT_NE(refusal(png(100000, 100000)).find("100000x100000"), std::string::npos);
  EXPECT_NE(refusal(png(kPictureSideMax + 1, 1)), "accepted");
  EXPECT_NE(refusal(png(16000, 16000)), "accepted");
  EXPECT_EQ(refusal(png(8000, 8000)), "accepted");
  EXPECT_NE(refusal(png(0, 5)).find("without pixels"), std::string::npos);
  EXPECT_NE(refusal(png(0xFFFFFFFF, 0xFFFFFFFF)), "accepted");
}

TEST(PictureUrl, TakesWhatRfc2397Allows) {
  const std::string file = png(2, 3) + "x";
  const std::string text = base64_encode(file);
  ASSERT_TRUE(text.ends_with("=")) << "or nothing is shown about padding";
  std::string wrapped, escaped, all_escaped;
  for (std::size_t i = 0; i < text.size(); ++i)
    wrapped += (i % 10 == 9 ? "\r\n" : "") + text.substr(i, 1);
  for (const char c : text) {
    if (c == '+') {
      escaped += "%2B";
    } else if (c == '/') {
      escaped += "%2f";
    } else if (c == '=') {
      escaped += "%3D";
    } else {
      escaped += c;
    }
  }
  for (const char c : file) {
    constexpr const char* kHex = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    all_escaped += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  for (const std::string& url :
       {"DATA:image/png;base64," + text, "data:IMAGE/PNG;BASE64," + text,
        "data:image/png;charset=utf-8;base64," + text, "data:image/png;name=a.png;Base64," + text,
        "data:image/png;base64," + wrapped, "data:image/png;base64," + wrapped + "\n",
        "data:image/png;base64," + escaped, "data:image/png;base64, " + text,
        "data:image/png;base64," + text.substr(0, text.find('=')), "data:image/png," + all_escaped,
        "data:image/png;charset=x," + all_escaped}) {
    EXPECT_EQ(decode_picture_url(url, "f"), file) << url;
  }
}

TEST(PictureUrl, TakesDataUrlsOfImagesOnly) {
  const std::string text = base64_encode(png(2, 3));
  EXPECT_EQ(decode_picture_url("data:image/png;base64," + text, "f"), png(2, 3));
  EXPECT_EQ(decode_picture_url("data:image/jpeg;base64," + text, "f"),
            png(2, 3));  // the bytes decide
  EXPECT_NE(url_refusal("http://x/y.png").find("--fetch-pictures"), std::string::npos);
  EXPECT_NE(url_refusal("https://x/y.png").find("--fetch-pictures"), std::string::npos);
  for (const std::string& url :
       {std::string("file:///etc/passwd"), std::string(), std::string("data:image/png;base64"),
        "data:image/png," + text, "data:text/plain;base64," + text,
        "data:image/png;base64," + text + "!", "data:image/png;base64," + text + "=",
        "data:image/png;base64," + text.substr(0, text.size() - 3), "data:;base64," + text,
        "data:image/png;base64x," + text, "data:image/png;base64,%zz" + text,
        std::string("data:image/png;base64,"), std::string("data:image/png;base64,aGVsbG8=")}) {
    EXPECT_NE(url_refusal(url), "accepted") << url;
  }
}

}  // namespace
}  // namespace sanctum::gateway
