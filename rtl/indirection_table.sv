// From a hash to a receive queue: entry (hash & mask) of the packet's bank, or the unclassified queue when the packet
// has no hash. Two clocks: the table is read at an edge with load_i[0], the queue stands at queue_o from the edge with
// load_i[1] on.
//
// Two banks of Entries 16-bit entries, in one memory of entry pairs with a write port of its own. The memory has no
// reset: a bank is written before packets use it. Nobody writes a pair at the edge that reads it (the pipeline writes
// only a bank without packets), which spares the memory its bypass: no_rw_check. A mask beyond Entries - 1 is cut to
// it; writes beyond the last pair are ignored.
module indirection_table #(
    parameter int Entries = 512  // of a bank; a power of two, 1 to 512
) (
    input  logic        clk_i,
    // write port: entries 2n [15:0] and 2n + 1 [31:16]
    input  logic        write_i,
    input  logic        write_bank_i,
    input  logic [7:0]  write_pair_i,
    input  logic [31:0] write_data_i,
    // read pipeline
    input  logic [1:0]  load_i,
    input  logic        bank_i,
    input  logic [8:0]  hash_i,
    input  logic [8:0]  mask_i,
    input  logic        classified_i,    // the packet has a hash; with load_i[1]
    input  logic [15:0] unclassified_i,  // queue of the packet's bank; with load_i[1]
    output logic [15:0] queue_o
);

  if (Entries < 1 || Entries > 512 || (Entries & (Entries - 1)) != 0) begin : g_illegal
    // Elaboration stops here: there is no such module, and its name is the message.
    indirection_table_entries_must_be_a_power_of_two_from_1_to_512 illegal ();
  end

  // Below four entries the memory stays at two pairs a bank, so that no index is zero bits wide.
  localparam int PairBits = Entries < 4 ? 1 : $clog2(Entries) - 1;
  localparam int Pairs = 2 ** PairBits;
  localparam logic [8:0] EntryMask = 9'(Entries - 1);

  (* no_rw_check *) logic [31:0] pairs_q [2*Pairs];
  /* verilator lint_off UNUSEDSIGNAL */  // EntryMask leaves the upper bits 0
  logic [8:0] index;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [31:0] pair_q;
  logic odd_q;

  assign index = hash_i & mask_i & EntryMask;

  always_ff @(posedge clk_i) begin
    if (write_i && {24'd0, write_pair_i} < Pairs) pairs_q[{write_bank_i, write_pair_i[PairBits-1:0]}] <= write_data_i;
  end

  always_ff @(posedge clk_i) begin
    if (load_i[0]) begin
      pair_q <= pairs_q[{bank_i, index[PairBits:1]}];
      odd_q <= index[0];
    end
  end

  always_ff @(posedge clk_i) begin
    if (load_i[1]) queue_o <= !classified_i ? unclassified_i : odd_q ? pair_q[31:16] : pair_q[15:0];
  end

endmodule
