// Made by scripts/registers from rtl/registers.toml: change that one. docs/registers.md says what the registers do.
//
// Register REG: its address REG; how many of them REG_COUNT; the bits that read as last written REG_RW. Its field FLD:
// lowest bit REG_FLD_LSB, width REG_FLD_BITS, and where it is a constant REG_FLD_VALUE.
package rss_registers_pkg;

  /* verilator lint_off UNUSEDPARAM */  // the map as a whole; not all of it has a user

  localparam int ADDRESS_BITS = 17;

  localparam logic [16:0] IDENTITY = 17'h00000;
  localparam int IDENTITY_MAGIC_LSB = 0;
  localparam int IDENTITY_MAGIC_BITS = 32;
  localparam logic [31:0] IDENTITY_MAGIC_VALUE = 32'h52535331;

  localparam logic [16:0] VERSION = 17'h00004;
  localparam int VERSION_MAJOR_LSB = 16;
  localparam int VERSION_MAJOR_BITS = 16;
  localparam logic [15:0] VERSION_MAJOR_VALUE = 16'h1;
  localparam int VERSION_MINOR_LSB = 0;
  localparam int VERSION_MINOR_BITS = 16;
  localparam logic [15:0] VERSION_MINOR_VALUE = 16'h1;

  localparam logic [16:0] STREAM = 17'h00008;
  localparam int STREAM_DATA_BITS_LSB = 0;
  localparam int STREAM_DATA_BITS_BITS = 16;
  localparam int STREAM_HEADER_BYTES_LSB = 16;
  localparam int STREAM_HEADER_BYTES_BITS = 16;

  localparam logic [16:0] LIMITS = 17'h0000c;
  localparam int LIMITS_TABLE_ENTRIES_LSB = 0;
  localparam int LIMITS_TABLE_ENTRIES_BITS = 16;
  localparam int LIMITS_MAX_EXTENSIONS_LSB = 16;
  localparam int LIMITS_MAX_EXTENSIONS_BITS = 5;
  localparam int LIMITS_START_OFFSET_LSB = 24;
  localparam int LIMITS_START_OFFSET_BITS = 1;
  localparam int LIMITS_LANES_LSB = 28;
  localparam int LIMITS_LANES_BITS = 3;

  localparam logic [16:0] HASHING = 17'h00010;
  localparam int HASHING_TYPES_LSB = 0;
  localparam int HASHING_TYPES_BITS = 9;
  localparam logic [8:0] HASHING_TYPES_VALUE = 9'h1ff;
  localparam int HASHING_KEY_BYTES_LSB = 16;
  localparam int HASHING_KEY_BYTES_BITS = 8;
  localparam logic [7:0] HASHING_KEY_BYTES_VALUE = 8'h28;
  localparam int HASHING_FORM_LSB = 24;
  localparam int HASHING_FORM_BITS = 2;

  localparam logic [16:0] STATUS = 17'h00020;
  localparam int STATUS_BUSY_LSB = 0;
  localparam int STATUS_BUSY_BITS = 1;
  localparam int STATUS_WAITING_LSB = 1;
  localparam int STATUS_WAITING_BITS = 1;
  localparam int STATUS_BANK_LSB = 2;
  localparam int STATUS_BANK_BITS = 1;
  localparam int STATUS_REFUSED_LSB = 8;
  localparam int STATUS_REFUSED_BITS = 1;

  localparam logic [16:0] COMMITS = 17'h00024;
  localparam int COMMITS_VALUE_LSB = 0;
  localparam int COMMITS_VALUE_BITS = 32;

  localparam logic [16:0] COMMIT = 17'h00028;
  localparam int COMMIT_START_LSB = 0;
  localparam int COMMIT_START_BITS = 1;

  localparam logic [16:0] HASH_TYPES = 17'h00030;
  localparam logic [31:0] HASH_TYPES_RW = 32'h000101ff;
  localparam int HASH_TYPES_TYPES_LSB = 0;
  localparam int HASH_TYPES_TYPES_BITS = 9;
  localparam int HASH_TYPES_EX_ALWAYS_LSB = 16;
  localparam int HASH_TYPES_EX_ALWAYS_BITS = 1;

  localparam logic [16:0] MASK = 17'h00034;
  localparam logic [31:0] MASK_RW = 32'h00007fff;
  localparam int MASK_MASK_LSB = 0;
  localparam int MASK_MASK_BITS = 15;

  localparam logic [16:0] UNCLASSIFIED_QUEUE = 17'h00038;
  localparam logic [31:0] UNCLASSIFIED_QUEUE_RW = 32'h0000ffff;
  localparam int UNCLASSIFIED_QUEUE_QUEUE_LSB = 0;
  localparam int UNCLASSIFIED_QUEUE_QUEUE_BITS = 16;

  localparam logic [16:0] KEY = 17'h00040;
  localparam int KEY_COUNT = 10;
  localparam logic [31:0] KEY_RW = 32'hffffffff;
  localparam int KEY_BYTES_LSB = 0;
  localparam int KEY_BYTES_BITS = 32;

  localparam logic [16:0] COUNTERS = 17'h00080;
  localparam int COUNTERS_SNAPSHOT_LSB = 0;
  localparam int COUNTERS_SNAPSHOT_BITS = 1;
  localparam int COUNTERS_CLEAR_LSB = 1;
  localparam int COUNTERS_CLEAR_BITS = 1;

  localparam logic [16:0] OCCUPANCY = 17'h00084;
  localparam int OCCUPANCY_NOW_LSB = 0;
  localparam int OCCUPANCY_NOW_BITS = 16;
  localparam int OCCUPANCY_MAXIMUM_LSB = 16;
  localparam int OCCUPANCY_MAXIMUM_BITS = 16;

  localparam logic [16:0] PACKETS = 17'h00100;
  localparam int PACKETS_COUNT = 10;
  localparam int PACKETS_VALUE_LSB = 0;
  localparam int PACKETS_VALUE_BITS = 64;

  localparam logic [16:0] OVER_BUDGET = 17'h00150;
  localparam int OVER_BUDGET_VALUE_LSB = 0;
  localparam int OVER_BUDGET_VALUE_BITS = 64;

  localparam logic [16:0] INPUT_STALLS = 17'h00158;
  localparam int INPUT_STALLS_VALUE_LSB = 0;
  localparam int INPUT_STALLS_VALUE_BITS = 64;

  localparam logic [16:0] RESULT_STALLS = 17'h00160;
  localparam int RESULT_STALLS_VALUE_LSB = 0;
  localparam int RESULT_STALLS_VALUE_BITS = 64;

  localparam logic [16:0] TABLE = 17'h10000;
  localparam int TABLE_COUNT = 16384;
  localparam logic [31:0] TABLE_RW = 32'hffffffff;
  localparam int TABLE_EVEN_LSB = 0;
  localparam int TABLE_EVEN_BITS = 16;
  localparam int TABLE_ODD_LSB = 16;
  localparam int TABLE_ODD_BITS = 16;

  /* verilator lint_on UNUSEDPARAM */

  // Whether there is a register; word: address without its two lowest bits.
  function automatic logic is_register(input logic [14:0] word);
    is_register =
        (word <= 15'h0004) ||
        (word >= 15'h0008 && word <= 15'h000a) ||
        (word >= 15'h000c && word <= 15'h000e) ||
        (word >= 15'h0010 && word <= 15'h0019) ||
        (word >= 15'h0020 && word <= 15'h0021) ||
        (word >= 15'h0040 && word <= 15'h0059) ||
        (word >= 15'h4000);
  endfunction

  // Whether it takes writes; word: address without its two lowest bits.
  function automatic logic is_writable(input logic [14:0] word);
    is_writable =
        (word == 15'h0008) ||
        (word == 15'h000a) ||
        (word >= 15'h000c && word <= 15'h000e) ||
        (word >= 15'h0010 && word <= 15'h0019) ||
        (word == 15'h0020) ||
        (word >= 15'h4000);
  endfunction

  // Whether it takes none while STATUS.BUSY; word: address without its two lowest bits.
  function automatic logic is_locked(input logic [14:0] word);
    is_locked =
        (word == 15'h000a) ||
        (word >= 15'h000c && word <= 15'h000e) ||
        (word >= 15'h0010 && word <= 15'h0019) ||
        (word >= 15'h4000);
  endfunction

endpackage
