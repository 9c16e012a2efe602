#include "data/content_hash.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "video_fixtures.h"

namespace actrec {
namespace {

using namespace actrec::testing;

TEST(ContentHash, IsSha256) {
  const TempDir directory;
  // The test vectors of FIPS 180-4, and what sha256sum gives for a file of more than a piece.
  write_bytes(directory / "empty", "");
  write_bytes(directory / "abc", "abc");
  write_bytes(directory / "long", std::string(3'000'000, 'a'));
  EXPECT_EQ(content_hash(directory / "empty"),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(content_hash(directory / "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const std::string sum = output_of("sha256sum " + quoted(directory / "long"));
  if (!sum.empty()) {
    EXPECT_EQ(content_hash(directory / "long"), sum.substr(0, 64));
  }
}

TEST(ContentHash, OfAFolderIsThatOfItsImagesOneAfterAnother) {
  const TempDir directory;
  fs::create_directories(directory / "frames");
  write_bytes(directory / "frames/10.png", "c");
  write_bytes(directory / "frames/2.png", "ab");
  write_bytes(directory / "frames/notes.txt", "not an image");
  EXPECT_EQ(content_hash(directory / "frames"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(content_size(directory / "frames"), "2 images, 2");
}

TEST(ContentHash, NamesWhatCannotBeRead) {
  try {
    content_hash("/no/such/file.mp4");
    FAIL();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("/no/such/file.mp4"), std::string::npos);
  }
  EXPECT_EQ(content_size("/no/such/file.mp4"), "");
}

}  // namespace
}  // namespace actrec
