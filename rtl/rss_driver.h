// How software drives the register block of rss_top: looks whether it is there, puts a configuration into force, reads
// the counters. For C99 and C++, without dependencies; the caller brings the access to the bus. To be copied or taken
// as an example; the tests configure the RTL with it. Registers: docs/registers.md.
//
// Not for several threads at once. Nothing here waits: what the hardware is busy with, the caller asks for again.
#ifndef RSS_DRIVER_H
#define RSS_DRIVER_H
#include "rss_registers.h"

struct rss_bus {
  void* context;
  uint32_t (*read)(void* context, uint32_t address);
  void (*write)(void* context, uint32_t address, uint32_t value);
};

struct rss_limits {
  uint32_t lanes, data_bits, header_bytes, max_extensions, start_offset, table_entries, hash_types;
};

struct rss_config {
  uint32_t hash_types;     // VIRTIO_NET_HASH_TYPE_xxx
  int ex_always;           // every IPv6 packet counts as one with extension headers
  const uint8_t* key;      // 40 bytes
  const uint16_t* table;   // receive queues
  uint32_t table_entries;  // a power of two
  uint16_t unclassified_queue;
};

struct rss_counts {
  uint64_t packets[RSS_PACKETS_COUNT];  // by hash report
  uint64_t over_budget, input_stalls, result_stalls;
};

enum rss_result {
  RSS_OK = 0,
  RSS_BUSY = 1,        // a commit is under way: ask again
  RSS_NOT_THERE = -1,  // no such block, or one of another major version
  RSS_INVALID = -2     // more than the block can do
};

static inline enum rss_result rss_probe(const struct rss_bus* bus, struct rss_limits* limits) {
  uint32_t word = bus->read(bus->context, RSS_VERSION);
  if (bus->read(bus->context, RSS_IDENTITY) != RSS_IDENTITY_MAGIC_VALUE ||
      rss_field_get(word, RSS_VERSION_MAJOR) != RSS_VERSION_MAJOR_VALUE) {
    return RSS_NOT_THERE;
  }
  word = bus->read(bus->context, RSS_STREAM);
  limits->data_bits = rss_field_get(word, RSS_STREAM_DATA_BITS);
  limits->header_bytes = rss_field_get(word, RSS_STREAM_HEADER_BYTES);
  word = bus->read(bus->context, RSS_LIMITS);
  limits->lanes = rss_field_get(word, RSS_LIMITS_LANES);
  limits->max_extensions = rss_field_get(word, RSS_LIMITS_MAX_EXTENSIONS);
  limits->start_offset = rss_field_get(word, RSS_LIMITS_START_OFFSET);
  limits->table_entries = rss_field_get(word, RSS_LIMITS_TABLE_ENTRIES);
  limits->hash_types = rss_field_get(bus->read(bus->context, RSS_HASHING), RSS_HASHING_TYPES);
  return RSS_OK;
}

// RSS_OK: the configuration is on its way; it is in force as soon as rss_commit_done() says so.
static inline enum rss_result rss_configure(const struct rss_bus* bus, const struct rss_limits* limits,
                                            const struct rss_config* config) {
  const uint32_t entries = config->table_entries;
  uint32_t n;
  if (entries == 0 || entries > limits->table_entries || (entries & (entries - 1)) != 0) return RSS_INVALID;
  if ((config->hash_types & ~limits->hash_types) != 0) return RSS_INVALID;
  if (bus->read(bus->context, RSS_STATUS) & RSS_STATUS_BUSY) return RSS_BUSY;

  bus->write(bus->context, RSS_HASH_TYPES,
             rss_field_put(RSS_HASH_TYPES_TYPES, config->hash_types) |
                 rss_field_put(RSS_HASH_TYPES_EX_ALWAYS, config->ex_always != 0));
  bus->write(bus->context, RSS_MASK, rss_field_put(RSS_MASK_MASK, entries - 1));
  bus->write(bus->context, RSS_UNCLASSIFIED_QUEUE,
             rss_field_put(RSS_UNCLASSIFIED_QUEUE_QUEUE, config->unclassified_queue));
  for (n = 0; n < RSS_KEY_COUNT; ++n) {
    const uint8_t* bytes = config->key + 4 * n;
    bus->write(bus->context, RSS_KEY(n),
               (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3]);
  }
  for (n = 0; n < entries; n += 2) {
    bus->write(bus->context, RSS_TABLE(n / 2),
               rss_field_put(RSS_TABLE_EVEN, config->table[n]) |
                   rss_field_put(RSS_TABLE_ODD, n + 1 < entries ? config->table[n + 1] : 0));
  }
  bus->write(bus->context, RSS_COMMIT, RSS_COMMIT_START);
  return RSS_OK;
}

// Whether packets that come in from now on are steered by the last configuration.
static inline int rss_commit_done(const struct rss_bus* bus) {
  return (bus->read(bus->context, RSS_STATUS) & RSS_STATUS_BUSY) == 0;
}

static inline uint64_t rss_read64(const struct rss_bus* bus, uint32_t address) {
  const uint32_t low = bus->read(bus->context, address);
  return (uint64_t)bus->read(bus->context, address + 4) << 32 | low;
}

// The counts of one moment since the last clearing; clear: counting starts again from that moment.
static inline void rss_read_counts(const struct rss_bus* bus, int clear, struct rss_counts* counts) {
  uint32_t n;
  bus->write(bus->context, RSS_COUNTERS, RSS_COUNTERS_SNAPSHOT | (clear ? RSS_COUNTERS_CLEAR : 0));
  for (n = 0; n < RSS_PACKETS_COUNT; ++n) counts->packets[n] = rss_read64(bus, RSS_PACKETS(n));
  counts->over_budget = rss_read64(bus, RSS_OVER_BUDGET);
  counts->input_stalls = rss_read64(bus, RSS_INPUT_STALLS);
  counts->result_stalls = rss_read64(bus, RSS_RESULT_STALLS);
}

#endif
