// CaptureFile over files of every supported form, and over every kind of damage.
#include "tb/wire/capture_file.h"

#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <filesystem>
#include <random>

#include "tb/unit/wire/capture_builder.h"

namespace rssnic {
namespace {

constexpr Endian kLittle = Endian::little;
constexpr Endian kBig = Endian::big;

struct ReadRecord {
  std::string bytes;
  std::uint64_t index;
  std::uint64_t time_ns;
};

struct ReadFile {
  std::vector<ReadRecord> records;
  std::uint64_t skipped;
  std::string error;
};

ReadFile read_all(const std::string& path) {
  CaptureFile file(path);
  ReadFile result;
  while (const CaptureRecord* record = file.next()) {
    result.records.push_back({std::string(reinterpret_cast<const char*>(record->bytes.data), record->bytes.size),
                              record->index, record->time_ns});
  }
  EXPECT_EQ(file.next(), nullptr) << "nothing after the end";
  result.skipped = file.skipped();
  result.error = file.error();
  return result;
}

class CaptureFileTest : public testing::Test {
 protected:
  ReadFile read(const std::string& bytes) { return read_all(folder_.write("capture", bytes)); }
  TemporaryFolder folder_;
};

void expect_contains(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "'" << text << "' lacks '" << part << "'";
}

struct PcapForm {
  const char* name;
  Endian endian;
  std::uint32_t magic;
  std::uint64_t time_ns;  // of 5 seconds and 7 units
};

class PcapForms : public testing::TestWithParam<PcapForm> {};

TEST_P(PcapForms, GiveTheirRecordsWithTimes) {
  const PcapForm& form = GetParam();
  PcapBytes bytes(form.endian, form.magic);
  bytes.record(frame_of(60, 'a'), 5, 7).record(frame_of(1514, 'b'), 0xf0000000, 0);
  const TemporaryFolder folder;
  const ReadFile file = read_all(folder.write("capture", bytes.bytes()));
  EXPECT_EQ(file.error, "");
  ASSERT_EQ(file.records.size(), 2u);
  EXPECT_EQ(file.records[0].bytes, frame_of(60, 'a'));
  EXPECT_EQ(file.records[0].index, 1u);
  EXPECT_EQ(file.records[0].time_ns, form.time_ns);
  EXPECT_EQ(file.records[1].bytes, frame_of(1514, 'b'));
  EXPECT_EQ(file.records[1].index, 2u);
  EXPECT_EQ(file.records[1].time_ns, 0xf0000000u * 1'000'000'000ull) << "seconds beyond 2038";
}

INSTANTIATE_TEST_SUITE_P(CaptureFile, PcapForms,
                         testing::Values(PcapForm{"LittleMicro", kLittle, PcapBytes::kMicro, 5'000'007'000},
                                         PcapForm{"BigMicro", kBig, PcapBytes::kMicro, 5'000'007'000},
                                         PcapForm{"LittleNano", kLittle, PcapBytes::kNano, 5'000'000'007},
                                         PcapForm{"BigNano", kBig, PcapBytes::kNano, 5'000'000'007}),
                         [](const auto& form) { return form.param.name; });

TEST_F(CaptureFileTest, HeaderOnlyIsAnEmptyCapture) {
  const ReadFile file = read(PcapBytes().bytes());
  EXPECT_TRUE(file.records.empty());
  EXPECT_EQ(file.error, "");
}

TEST_F(CaptureFileTest, ZeroByteRecordIsGiven) {
  const ReadFile file = read(PcapBytes().record("").record(frame_of(60)).bytes());
  ASSERT_EQ(file.records.size(), 2u);
  EXPECT_EQ(file.records[0].bytes.size(), 0u);
  EXPECT_EQ(file.error, "");
}

TEST_F(CaptureFileTest, RecordsLongerThanTheHeadersSnapshotLengthAreGivenWhole) {
  for (const Endian endian : {kLittle, kBig}) {
    PcapBytes bytes(endian, PcapBytes::kMicro, 1, 64);
    const ReadFile file = read(bytes.record(frame_of(100)).record(frame_of(60)).bytes());
    ASSERT_EQ(file.records.size(), 2u);
    EXPECT_EQ(file.records[0].bytes.size(), 100u);
    EXPECT_EQ(file.records[1].bytes.size(), 60u);
  }
}

TEST_F(CaptureFileTest, OtherLinkTypeIsSkippedAndCounted) {
  constexpr std::uint32_t kLinuxCooked = 113;
  const ReadFile file =
      read(PcapBytes(kLittle, PcapBytes::kMicro, kLinuxCooked).record(frame_of(60)).record(frame_of(61)).bytes());
  EXPECT_TRUE(file.records.empty());
  EXPECT_EQ(file.skipped, 2u);
  EXPECT_EQ(file.error, "");
}

TEST_F(CaptureFileTest, PcapngGivesAllPacketBlockTypes) {
  for (const Endian endian : {kLittle, kBig}) {
    PcapngBytes bytes(endian);
    bytes.interface(endian, 1, 100, 9).interface(endian, 1, 0);
    bytes.enhanced(endian, 0, frame_of(61, 'a'), 5'000'000'007).enhanced(endian, 1, frame_of(300, 'b'), 5'000'007);
    bytes.block(0xbad, "abcd", endian).block(4, frame_of(16), endian);  // unknown, name resolution
    bytes.obsolete(endian, 1, frame_of(62, 'c')).simple(endian, frame_of(63, 'd'), 63);
    bytes.simple(endian, frame_of(100, 'e'), 1514);  // cut to the interface's snapshot length
    const ReadFile file = read(bytes.bytes());
    EXPECT_EQ(file.error, "");
    ASSERT_EQ(file.records.size(), 5u);
    EXPECT_EQ(file.records[0].bytes, frame_of(61, 'a'));
    EXPECT_EQ(file.records[0].time_ns, 5'000'000'007u);
    EXPECT_EQ(file.records[1].bytes, frame_of(300, 'b'));
    EXPECT_EQ(file.records[1].time_ns, 5'000'007'000u);
    EXPECT_EQ(file.records[2].bytes, frame_of(62, 'c'));
    EXPECT_EQ(file.records[3].bytes, frame_of(63, 'd'));
    EXPECT_EQ(file.records[4].bytes, frame_of(100, 'e'));
    EXPECT_EQ(file.records[4].index, 5u);
  }
}

TEST_F(CaptureFileTest, PcapngInterfacesOfOtherLinkTypesAreSkippedAndCounted) {
  PcapngBytes bytes;
  bytes.interface(kLittle, 113, 40).interface(kLittle, 1, 65535).interface(kLittle, 220, 0);
  bytes.enhanced(kLittle, 0, frame_of(60)).enhanced(kLittle, 1, frame_of(70, 'a'));
  bytes.simple(kLittle, frame_of(40), 90).obsolete(kLittle, 2, frame_of(50));
  bytes.enhanced(kLittle, 2, frame_of(300'000)).enhanced(kLittle, 1, frame_of(71, 'b'));
  const ReadFile file = read(bytes.bytes());
  EXPECT_EQ(file.error, "");
  EXPECT_EQ(file.skipped, 4u);
  ASSERT_EQ(file.records.size(), 2u);
  EXPECT_EQ(file.records[0].bytes, frame_of(70, 'a'));
  EXPECT_EQ(file.records[0].index, 2u);
  EXPECT_EQ(file.records[1].bytes, frame_of(71, 'b'));
  EXPECT_EQ(file.records[1].index, 6u);
}

TEST_F(CaptureFileTest, PcapngSectionsHaveTheirOwnInterfacesAndByteOrder) {
  PcapngBytes bytes(kLittle);
  bytes.interface(kLittle, 1, 65535).enhanced(kLittle, 0, frame_of(60, 'a'));
  bytes.section(kLittle).interface(kLittle, 113, 96).interface(kLittle, 1, 96);
  bytes.enhanced(kLittle, 0, frame_of(61)).enhanced(kLittle, 1, frame_of(62, 'b'));
  bytes.section(kBig).interface(kBig, 1, 0, 9).enhanced(kBig, 0, frame_of(63, 'c'), 11);
  bytes.section(kLittle).interface(kLittle, 1, 0).enhanced(kLittle, 0, frame_of(64, 'd'), 12);
  const ReadFile file = read(bytes.bytes());
  EXPECT_EQ(file.error, "");
  EXPECT_EQ(file.skipped, 1u);
  ASSERT_EQ(file.records.size(), 4u);
  EXPECT_EQ(file.records[0].bytes, frame_of(60, 'a'));
  EXPECT_EQ(file.records[1].bytes, frame_of(62, 'b'));
  EXPECT_EQ(file.records[2].bytes, frame_of(63, 'c'));
  EXPECT_EQ(file.records[2].time_ns, 11u);
  EXPECT_EQ(file.records[3].bytes, frame_of(64, 'd'));
  EXPECT_EQ(file.records[3].index, 5u);
  EXPECT_EQ(file.records[3].time_ns, 12'000u);
}

TEST_F(CaptureFileTest, ManyMixedPcapngPacketsKeepTheirOrder) {
  PcapngBytes bytes;
  bytes.interface(kLittle, 113, 0).interface(kLittle, 1, 0);
  for (unsigned i = 0; i < 5000; ++i) bytes.enhanced(kLittle, i % 3 == 0 ? 0 : 1, frame_of(i % 200), i);
  const ReadFile file = read(bytes.bytes());
  EXPECT_EQ(file.error, "");
  EXPECT_EQ(file.skipped, 1667u);
  ASSERT_EQ(file.records.size(), 3333u);
  for (const ReadRecord& record : file.records) {
    ASSERT_NE((record.index - 1) % 3, 0u);
    ASSERT_EQ(record.bytes.size(), (record.index - 1) % 200);
  }
}

TEST_F(CaptureFileTest, MissingFileIsAClearError) {
  const std::string path = folder_.path("nowhere.pcap");
  const ReadFile file = read_all(path);
  EXPECT_TRUE(file.records.empty());
  expect_contains(file.error, path);
  expect_contains(file.error, "No such file");
  expect_contains(file.error, "expected a readable pcap or pcapng file");
}

TEST_F(CaptureFileTest, WhatIsNoCaptureIsAClearError) {
  const std::string contents[] = {"", "abc", "this is a text file", frame_of(100, '\0'), "\x0a\x0d\x0d\x0atext", "\n"};
  for (const std::string& content : contents) {
    SCOPED_TRACE(content);
    const ReadFile file = read(content);
    EXPECT_TRUE(file.records.empty());
    expect_contains(file.error, folder_.path("capture"));
    expect_contains(file.error, "libpcap: ");
    expect_contains(file.error, "expected a pcap or pcapng file");
  }
}

TEST_F(CaptureFileTest, DirectoryIsAClearError) {
  const ReadFile file = read_all(folder_.path(""));
  expect_contains(file.error, folder_.path(""));
  expect_contains(file.error, "directory");
}

TEST_F(CaptureFileTest, EveryCutGivesTheWholeRecordsBeforeItAndAnError) {
  PcapBytes pcap;
  pcap.record(frame_of(60)).record(frame_of(40));
  const std::size_t pcap_ends[] = {24, 24 + 76, 24 + 76 + 56};
  PcapngBytes pcapng;
  std::vector<std::size_t> pcapng_ends;
  pcapng.interface(kLittle, 1, 0);
  for (const std::size_t size : {60, 40}) {
    pcapng_ends.push_back(pcapng.bytes().size());
    pcapng.enhanced(kLittle, 0, frame_of(size));
  }
  pcapng_ends.push_back(pcapng.bytes().size());

  const auto check = [this](const std::string& bytes, const auto& ends) {
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
      SCOPED_TRACE(size);
      const ReadFile file = read(bytes.substr(0, size));
      std::size_t whole = 0;
      bool clean = false;
      for (std::size_t i = 0; i < 3; ++i) {
        if (size >= ends[i]) whole = i;
        if (size == ends[i]) clean = true;
      }
      ASSERT_EQ(file.records.size(), whole);
      ASSERT_EQ(file.error.empty(), clean) << file.error;
      if (!clean && whole > 0) expect_contains(file.error, "damaged after record " + std::to_string(whole) + ": ");
    }
  };
  check(pcap.bytes(), pcap_ends);
  check(pcapng.bytes(), pcapng_ends);
}

TEST_F(CaptureFileTest, DamageAfterSkippedRecordsCountsThem) {
  PcapngBytes bytes;
  bytes.interface(kLittle, 113, 0).enhanced(kLittle, 0, frame_of(60)).enhanced(kLittle, 0, frame_of(60));
  bytes.cut(1);
  const ReadFile file = read(bytes.bytes());
  EXPECT_EQ(file.skipped, 1u);
  expect_contains(file.error, "damaged after record 1: libpcap: ");
}

TEST_F(CaptureFileTest, LargestFrameIsGivenAndALargerOneIsDamage) {
  const ReadFile pcap = read(PcapBytes().record(frame_of(262144)).record(frame_of(262145)).bytes());
  ASSERT_EQ(pcap.records.size(), 1u);
  EXPECT_EQ(pcap.records[0].bytes.size(), kMaxFrameBytes);
  expect_contains(pcap.error, "damaged after record 1: ");
  expect_contains(pcap.error, "262145");
  expect_contains(pcap.error, "262144");

  PcapngBytes bytes;
  bytes.interface(kLittle, 1, 1'000'000);
  bytes.enhanced(kLittle, 0, frame_of(262144)).enhanced(kLittle, 0, frame_of(262145));
  const ReadFile pcapng = read(bytes.bytes());
  ASSERT_EQ(pcapng.records.size(), 1u);
  expect_contains(pcapng.error, "262145");
}

TEST_F(CaptureFileTest, HugeLengthFieldsAreDamage) {
  for (const std::uint32_t length : {0x7fffffffu, 0x80000000u, 0xfffffffcu, 0xffffffffu}) {
    SCOPED_TRACE(length);
    PcapBytes pcap;
    pcap.record(frame_of(60)).u32(0).u32(0).u32(length).u32(length).raw(frame_of(60));
    const ReadFile file = read(pcap.bytes());
    EXPECT_EQ(file.records.size(), 1u);
    expect_contains(file.error, "damaged after record 1: ");

    for (const std::uint32_t type : {1u, 2u, 3u, 6u, 0x0a0d0d0au, 77u}) {
      PcapngBytes pcapng;
      pcapng.interface(kLittle, 1, 0).enhanced(kLittle, 0, frame_of(60)).u32(type).u32(length).raw(frame_of(60));
      const ReadFile ng = read(pcapng.bytes());
      EXPECT_EQ(ng.records.size(), 1u);
      expect_contains(ng.error, "damaged after record 1: ");
    }
  }
}

TEST_F(CaptureFileTest, PcapngPacketOfAnUnknownInterfaceIsDamage) {
  PcapngBytes bytes;
  bytes.interface(kLittle, 1, 0).enhanced(kLittle, 0, frame_of(60)).enhanced(kLittle, 7, frame_of(60));
  const ReadFile file = read(bytes.bytes());
  EXPECT_EQ(file.records.size(), 1u);
  expect_contains(file.error, "interface 7");
}

TEST_F(CaptureFileTest, PcapngPacketBeforeAnyInterfaceIsAnError) {
  const ReadFile file = read(PcapngBytes().enhanced(kLittle, 0, frame_of(60)).bytes());
  EXPECT_TRUE(file.records.empty());
  expect_contains(file.error, "libpcap: ");
}

// Whatever the bytes, reading ends, and no frame is larger than allowed. (Under the sanitizers: no bad access.)
TEST_F(CaptureFileTest, RandomDamageNeverDoesHarm) {
  PcapngBytes pcapng;
  pcapng.interface(kLittle, 1, 96).interface(kLittle, 113, 0, 9);
  PcapBytes pcap(kBig);
  for (unsigned i = 0; i < 8; ++i) {
    pcap.record(frame_of(20 + i));
    pcapng.enhanced(kLittle, i % 2, frame_of(20 + i)).simple(kLittle, frame_of(30), 30);
    if (i == 4)
      pcapng.section(kBig).interface(kBig, 1, 0).interface(kBig, 1, 0).section(kLittle).interface(kLittle, 1, 0);
  }
  constexpr unsigned kSeed = 20'240'601;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  for (unsigned round = 0; round < 3000; ++round) {
    std::string bytes = round % 2 == 0 ? pcapng.bytes() : pcap.bytes();
    for (unsigned i = random() % 8; i-- > 0;) bytes[random() % bytes.size()] = static_cast<char>(random());
    CaptureFile file(folder_.write("capture", bytes));
    std::uint64_t index = 0;
    while (const CaptureRecord* record = file.next()) {
      ASSERT_GT(record->index, index);
      ASSERT_LE(record->bytes.size, kMaxFrameBytes);
      index = record->index;
    }
  }
}

// libpcap by itself is the judge for the captures in the tree, all of which it reads.
TEST(CaptureFileTraces, AgreesWithPlainLibpcap) {
  unsigned files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(RSSNIC_SOURCE_DIR "/traces")) {
    if (entry.path().extension() != ".pcap" && entry.path().extension() != ".pcapng") continue;
    SCOPED_TRACE(entry.path());
    ++files;
    char reason[PCAP_ERRBUF_SIZE];
    pcap_t* plain = pcap_open_offline_with_tstamp_precision(entry.path().c_str(), PCAP_TSTAMP_PRECISION_NANO, reason);
    ASSERT_NE(plain, nullptr) << reason;
    CaptureFile file(entry.path().string());
    pcap_pkthdr* header = nullptr;
    const u_char* bytes = nullptr;
    while (pcap_next_ex(plain, &header, &bytes) == 1) {
      const CaptureRecord* record = file.next();
      ASSERT_NE(record, nullptr);
      ASSERT_EQ(record->bytes.size, header->caplen);
      ASSERT_TRUE(std::equal(bytes, bytes + header->caplen, record->bytes.data));
      ASSERT_EQ(record->time_ns, header->ts.tv_sec * 1'000'000'000ull + header->ts.tv_usec);
    }
    EXPECT_EQ(file.next(), nullptr);
    EXPECT_EQ(file.error(), "");
    pcap_close(plain);
  }
  EXPECT_GT(files, 0u);
}

}  // namespace
}  // namespace rssnic
