// Made by scripts/registers from rtl/registers.toml: change that one. docs/registers.md says what the registers do.
//
// Addresses (bytes from the block's base) and fields of the register block of rss_top, for C and C++, without
// dependencies. RSS_STATUS: address of register STATUS. RSS_KEY(n): address of the n-th of several, RSS_KEY_COUNT: how
// many. RSS_STATUS_BUSY: mask of its field BUSY; rss_field_get() and rss_field_put() shift.
// RSS_VERSION_MAJOR_VALUE: what a constant field reads. Of a register of 64 bits the high word is 4 bytes behind the
// low one.
#ifndef RSS_REGISTERS_H
#define RSS_REGISTERS_H
#include <stdint.h>

// clang-format off
#define RSS_BYTES                               0x20000u

#define RSS_IDENTITY                            0x00000u
#define RSS_IDENTITY_MAGIC                      0xffffffffu
#define RSS_IDENTITY_MAGIC_VALUE                0x52535331u

#define RSS_VERSION                             0x00004u
#define RSS_VERSION_MAJOR                       0xffff0000u
#define RSS_VERSION_MAJOR_VALUE                 0x1u
#define RSS_VERSION_MINOR                       0x0000ffffu
#define RSS_VERSION_MINOR_VALUE                 0x1u

#define RSS_STREAM                              0x00008u
#define RSS_STREAM_DATA_BITS                    0x0000ffffu
#define RSS_STREAM_HEADER_BYTES                 0xffff0000u

#define RSS_LIMITS                              0x0000cu
#define RSS_LIMITS_TABLE_ENTRIES                0x0000ffffu
#define RSS_LIMITS_MAX_EXTENSIONS               0x001f0000u
#define RSS_LIMITS_START_OFFSET                 0x01000000u
#define RSS_LIMITS_LANES                        0x70000000u

#define RSS_HASHING                             0x00010u
#define RSS_HASHING_TYPES                       0x000001ffu
#define RSS_HASHING_TYPES_VALUE                 0x1ffu
#define RSS_HASHING_KEY_BYTES                   0x00ff0000u
#define RSS_HASHING_KEY_BYTES_VALUE             0x28u
#define RSS_HASHING_FORM                        0x03000000u

#define RSS_STATUS                              0x00020u
#define RSS_STATUS_BUSY                         0x00000001u
#define RSS_STATUS_WAITING                      0x00000002u
#define RSS_STATUS_BANK                         0x00000004u
#define RSS_STATUS_REFUSED                      0x00000100u

#define RSS_COMMITS                             0x00024u
#define RSS_COMMITS_VALUE                       0xffffffffu

#define RSS_COMMIT                              0x00028u
#define RSS_COMMIT_START                        0x00000001u

#define RSS_HASH_TYPES                          0x00030u
#define RSS_HASH_TYPES_TYPES                    0x000001ffu
#define RSS_HASH_TYPES_EX_ALWAYS                0x00010000u

#define RSS_MASK                                0x00034u
#define RSS_MASK_MASK                           0x00007fffu

#define RSS_UNCLASSIFIED_QUEUE                  0x00038u
#define RSS_UNCLASSIFIED_QUEUE_QUEUE            0x0000ffffu

#define RSS_KEY(n)                              (0x00040u + 4u * (n))
#define RSS_KEY_COUNT                           10u
#define RSS_KEY_BYTES                           0xffffffffu

#define RSS_COUNTERS                            0x00080u
#define RSS_COUNTERS_SNAPSHOT                   0x00000001u
#define RSS_COUNTERS_CLEAR                      0x00000002u

#define RSS_OCCUPANCY                           0x00084u
#define RSS_OCCUPANCY_NOW                       0x0000ffffu
#define RSS_OCCUPANCY_MAXIMUM                   0xffff0000u

#define RSS_PACKETS(n)                          (0x00100u + 8u * (n))
#define RSS_PACKETS_COUNT                       10u

#define RSS_OVER_BUDGET                         0x00150u

#define RSS_INPUT_STALLS                        0x00158u

#define RSS_RESULT_STALLS                       0x00160u

#define RSS_TABLE(n)                            (0x10000u + 4u * (n))
#define RSS_TABLE_COUNT                         16384u
#define RSS_TABLE_EVEN                          0x0000ffffu
#define RSS_TABLE_ODD                           0xffff0000u

// All registers, X(name, address, count, bits, locked, kept over a reset), and their fields, X(register, name, lowest
// bit, width, access, reset value, parameter that gives the reset value or ""): what a test or a dump walks over.
#define RSS_REGISTER_TABLE(X) \
  X(IDENTITY, 0x00000u, 1u, 32u, 0, 0) \
  X(VERSION, 0x00004u, 1u, 32u, 0, 0) \
  X(STREAM, 0x00008u, 1u, 32u, 0, 0) \
  X(LIMITS, 0x0000cu, 1u, 32u, 0, 0) \
  X(HASHING, 0x00010u, 1u, 32u, 0, 0) \
  X(STATUS, 0x00020u, 1u, 32u, 0, 0) \
  X(COMMITS, 0x00024u, 1u, 32u, 0, 0) \
  X(COMMIT, 0x00028u, 1u, 32u, 1, 0) \
  X(HASH_TYPES, 0x00030u, 1u, 32u, 1, 0) \
  X(MASK, 0x00034u, 1u, 32u, 1, 0) \
  X(UNCLASSIFIED_QUEUE, 0x00038u, 1u, 32u, 1, 0) \
  X(KEY, 0x00040u, 10u, 32u, 1, 1) \
  X(COUNTERS, 0x00080u, 1u, 32u, 0, 0) \
  X(OCCUPANCY, 0x00084u, 1u, 32u, 0, 0) \
  X(PACKETS, 0x00100u, 10u, 64u, 0, 0) \
  X(OVER_BUDGET, 0x00150u, 1u, 64u, 0, 0) \
  X(INPUT_STALLS, 0x00158u, 1u, 64u, 0, 0) \
  X(RESULT_STALLS, 0x00160u, 1u, 64u, 0, 0) \
  X(TABLE, 0x10000u, 16384u, 32u, 1, 1)
#define RSS_FIELD_TABLE(X) \
  X(IDENTITY, MAGIC, 0u, 32u, ro, 0x52535331u, "") \
  X(VERSION, MAJOR, 16u, 16u, ro, 0x1u, "") \
  X(VERSION, MINOR, 0u, 16u, ro, 0x1u, "") \
  X(STREAM, DATA_BITS, 0u, 16u, ro, 0x0u, "DataBits") \
  X(STREAM, HEADER_BYTES, 16u, 16u, ro, 0x0u, "HeaderBytes") \
  X(LIMITS, TABLE_ENTRIES, 0u, 16u, ro, 0x0u, "Entries") \
  X(LIMITS, MAX_EXTENSIONS, 16u, 5u, ro, 0x0u, "MaxExtensions") \
  X(LIMITS, START_OFFSET, 24u, 1u, ro, 0x0u, "StartOffset") \
  X(LIMITS, LANES, 28u, 3u, ro, 0x0u, "Lanes") \
  X(HASHING, TYPES, 0u, 9u, ro, 0x1ffu, "") \
  X(HASHING, KEY_BYTES, 16u, 8u, ro, 0x28u, "") \
  X(HASHING, FORM, 24u, 2u, ro, 0x0u, "HashTables") \
  X(STATUS, BUSY, 0u, 1u, ro, 0x0u, "") \
  X(STATUS, WAITING, 1u, 1u, ro, 0x0u, "") \
  X(STATUS, BANK, 2u, 1u, ro, 0x0u, "") \
  X(STATUS, REFUSED, 8u, 1u, w1c, 0x0u, "") \
  X(COMMITS, VALUE, 0u, 32u, ro, 0x0u, "") \
  X(COMMIT, START, 0u, 1u, w1, 0x0u, "") \
  X(HASH_TYPES, TYPES, 0u, 9u, rw, 0x0u, "") \
  X(HASH_TYPES, EX_ALWAYS, 16u, 1u, rw, 0x0u, "") \
  X(MASK, MASK, 0u, 15u, rw, 0x0u, "") \
  X(UNCLASSIFIED_QUEUE, QUEUE, 0u, 16u, rw, 0x0u, "") \
  X(KEY, BYTES, 0u, 32u, rw, 0x0u, "") \
  X(COUNTERS, SNAPSHOT, 0u, 1u, w1, 0x0u, "") \
  X(COUNTERS, CLEAR, 1u, 1u, w1, 0x0u, "") \
  X(OCCUPANCY, NOW, 0u, 16u, ro, 0x0u, "") \
  X(OCCUPANCY, MAXIMUM, 16u, 16u, ro, 0x0u, "") \
  X(PACKETS, VALUE, 0u, 64u, ro, 0x0u, "") \
  X(OVER_BUDGET, VALUE, 0u, 64u, ro, 0x0u, "") \
  X(INPUT_STALLS, VALUE, 0u, 64u, ro, 0x0u, "") \
  X(RESULT_STALLS, VALUE, 0u, 64u, ro, 0x0u, "") \
  X(TABLE, EVEN, 0u, 16u, rw, 0x0u, "") \
  X(TABLE, ODD, 16u, 16u, rw, 0x0u, "")
// clang-format on

// The value of a field in a word, and a value as it stands in a word.
static inline uint32_t rss_lowest_bit(uint32_t field) { return field & (~field + 1u); }
static inline uint32_t rss_field_get(uint32_t word, uint32_t field) { return (word & field) / rss_lowest_bit(field); }
static inline uint32_t rss_field_put(uint32_t field, uint32_t value) { return (value * rss_lowest_bit(field)) & field; }

#endif
