// The configuration as software writes it, word by word and at its leisure, and its way into the pipeline as a whole:
// commit_i has all of it written over the configuration bus, with CFG_COMMIT as the last word. What is staged stays, so
// that the next commit needs no more than what is to change. Table and key are in one memory (Entries / 2 + 10 words,
// one write and one read port), which a reset leaves as it is; the rest is 0 after a reset.
//
// busy_o: from the clock after commit_i until the commit is transferred. Meanwhile write_i and commit_i stay low (the
// owner refuses them), and reads go on: each costs the commit a clock. A commit takes two clocks a word, and what the
// bus makes it wait (waiting_o). cfg_* are registers, and stand still while they wait.
// read_data_o: the word read with read_i, a clock later; 0 without read_i and for words that are not its own. Never
// read_i and write_i in one clock: the memory need not say what it reads then.
module staged_config #(
    parameter int Entries = 512  // of the pipeline's indirection table: a power of two, 1 to 32768
) (
    input  logic                                       clk_i,
    input  logic                                       rst_ni,
    // registers; words are addresses without bits 1:0
    input  logic                                       write_i,
    input  logic [rss_registers_pkg::ADDRESS_BITS-3:0] write_word_i,
    input  logic [31:0]                                write_data_i,
    input  logic                                       read_i,
    input  logic [rss_registers_pkg::ADDRESS_BITS-3:0] read_word_i,
    output logic [31:0]                                read_data_o,
    input  logic                                       commit_i,
    output logic                                       busy_o,
    output logic                                       waiting_o,
    output logic                                       committed_o,
    // configuration bus of the pipeline
    output logic                                       cfg_valid_o,
    input  logic                                       cfg_ready_i,
    output logic [rss_pkg::CFG_ADDR_BITS-1:0]          cfg_addr_o,
    output logic [31:0]                                cfg_data_o
);

  if (Entries < 1 || Entries > 32768 || (Entries & (Entries - 1)) != 0) begin : g_illegal
    // Elaboration stops here: there is no such module, and its name is the message.
    staged_config_entries_must_be_a_power_of_two_from_1_to_32768 illegal ();
  end

  localparam int WordBits = rss_registers_pkg::ADDRESS_BITS - 2;
  localparam int CfgBits = rss_pkg::CFG_ADDR_BITS;

  // The words of a commit, in order; those before Types are in the memory.
  localparam int Pairs = Entries < 2 ? 1 : Entries / 2;
  localparam int Types = Pairs + rss_pkg::KEY_WORDS;
  localparam int Mask = Types + 1;
  localparam int Unclassified = Types + 2;
  localparam int Commit = Types + 3;
  localparam int IndexBits = $clog2(Commit + 1);
  localparam int MemoryBits = $clog2(Types);

  function automatic logic is_table(input logic [WordBits-1:0] word);
    is_table = word - rss_registers_pkg::TABLE[WordBits+1:2] < WordBits'(Pairs);
  endfunction
  function automatic logic is_key(input logic [WordBits-1:0] word);
    is_key = word >= rss_registers_pkg::KEY[WordBits+1:2] &&
             word < rss_registers_pkg::KEY[WordBits+1:2] + WordBits'(rss_pkg::KEY_WORDS);
  endfunction
  function automatic logic [MemoryBits-1:0] index_of(input logic [WordBits-1:0] word);
    index_of = is_table(word) ? MemoryBits'(word - rss_registers_pkg::TABLE[WordBits+1:2]) :
               MemoryBits'(Pairs) + MemoryBits'(word - rss_registers_pkg::KEY[WordBits+1:2]);
  endfunction

  // What is staged.
  (* no_rw_check *) logic [31:0] memory_q [Types];
  logic [31:0] types_q, mask_q, unclassified_q, memory_word_q;
  logic copying_q;
  logic [IndexBits-1:0] at_q;  // the word that the commit is at

  logic [MemoryBits-1:0] write_index;
  assign write_index = index_of(write_word_i);

  always_ff @(posedge clk_i) begin
    if (write_i & (is_table(write_word_i) | is_key(write_word_i))) memory_q[write_index] <= write_data_i;
  end
  always_ff @(posedge clk_i) begin
    if (read_i | copying_q) memory_word_q <= memory_q[read_i ? index_of(read_word_i) : at_q[MemoryBits-1:0]];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      types_q <= '0;
      mask_q <= '0;
      unclassified_q <= '0;
    end else if (write_i) begin
      if (write_word_i == rss_registers_pkg::HASH_TYPES[WordBits+1:2]) begin
        types_q <= write_data_i & rss_registers_pkg::HASH_TYPES_RW;
      end
      if (write_word_i == rss_registers_pkg::MASK[WordBits+1:2]) begin
        mask_q <= write_data_i & rss_registers_pkg::MASK_RW;
      end
      if (write_word_i == rss_registers_pkg::UNCLASSIFIED_QUEUE[WordBits+1:2]) begin
        unclassified_q <= write_data_i & rss_registers_pkg::UNCLASSIFIED_QUEUE_RW;
      end
    end
  end

  // Reads.
  logic from_memory_q;
  logic [31:0] register_q;

  always_ff @(posedge clk_i) begin
    from_memory_q <= read_i & (is_table(read_word_i) | is_key(read_word_i));
    register_q <= !read_i ? '0 :
                  read_word_i == rss_registers_pkg::HASH_TYPES[WordBits+1:2] ? types_q :
                  read_word_i == rss_registers_pkg::MASK[WordBits+1:2] ? mask_q :
                  read_word_i == rss_registers_pkg::UNCLASSIFIED_QUEUE[WordBits+1:2] ? unclassified_q : '0;
  end
  assign read_data_o = from_memory_q ? memory_word_q : register_q;

  // Commit. fresh_q: the memory's output is the word at at_q.
  logic fresh_q, load;
  assign load = fresh_q & (~cfg_valid_o | cfg_ready_i);
  assign busy_o = copying_q | cfg_valid_o;
  assign waiting_o = cfg_valid_o & ~cfg_ready_i;
  assign committed_o = cfg_valid_o & cfg_ready_i & cfg_addr_o == rss_pkg::CFG_COMMIT;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      copying_q <= 1'b0;
      fresh_q <= 1'b0;
      cfg_valid_o <= 1'b0;
    end else begin
      fresh_q <= copying_q & ~read_i & ~load;
      if (commit_i) copying_q <= 1'b1;
      else if (load & at_q == IndexBits'(Commit)) copying_q <= 1'b0;
      if (load) cfg_valid_o <= 1'b1;
      else if (cfg_ready_i) cfg_valid_o <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (commit_i) at_q <= '0;
    else if (load) at_q <= at_q + 1'b1;
    if (load) begin
      if (at_q == IndexBits'(Types)) {cfg_addr_o, cfg_data_o} <= {rss_pkg::CFG_TYPES, types_q};
      else if (at_q == IndexBits'(Mask)) {cfg_addr_o, cfg_data_o} <= {rss_pkg::CFG_MASK, mask_q};
      else if (at_q == IndexBits'(Unclassified)) begin
        {cfg_addr_o, cfg_data_o} <= {rss_pkg::CFG_UNCLASSIFIED, unclassified_q};
      end else if (at_q == IndexBits'(Commit)) {cfg_addr_o, cfg_data_o} <= {rss_pkg::CFG_COMMIT, 32'd0};
      else begin
        cfg_addr_o <= at_q < IndexBits'(Pairs) ? rss_pkg::CFG_TABLE + CfgBits'(at_q) :
                      rss_pkg::CFG_KEY + CfgBits'(at_q) - CfgBits'(Pairs);
        cfg_data_o <= memory_word_q;
      end
    end
  end

endmodule
