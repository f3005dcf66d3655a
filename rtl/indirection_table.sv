// From a hash to a receive queue: entry (hash & mask) of the packet's bank, or the unclassified queue when the packet
// has no hash. Up to 512 entries two clocks: the table is read at an edge with load_i[0], the queue stands at queue_o
// from the edge with load_i[1] on. Larger tables take one more in front, in which the index gets a register: on its way
// to up to 64 block RAMs it cannot have come from an AND as well. Stage k loads at an edge with load_i[k].
//
// Two banks of Entries 16-bit entries, in one memory of entry pairs with a write port of its own. The memory has no
// reset: a bank is written before packets use it. Nobody writes a pair at the edge that reads it (the pipeline writes
// only a bank without packets), which spares the memory its bypass: no_rw_check. A mask beyond Entries - 1 is cut to
// it; writes beyond the last pair are ignored.
module indirection_table #(
    parameter int Entries = 512  // of a bank; a power of two, 1 to 32768
) (
    input  logic                                clk_i,
    // write port: where, in the first clock
    input  logic                                select_i,
    input  logic                                write_bank_i,
    input  logic [rss_pkg::PAIR_BITS-1:0]       write_pair_i,
    // in the second: entries 2n [15:0] and 2n + 1 [31:16]
    input  logic                                write_i,
    input  logic [31:0]                         write_data_i,
    // read pipeline
    input  logic [(Entries > 512 ? 3 : 2)-1:0]  load_i,
    input  logic                                bank_i,
    /* verilator lint_off UNUSEDSIGNAL */  // what a smaller table leaves of an index
    input  logic [rss_pkg::INDEX_BITS-1:0]      hash_i,
    input  logic [rss_pkg::INDEX_BITS-1:0]      mask_i,
    /* verilator lint_on UNUSEDSIGNAL */
    input  logic                                classified_i,    // the packet has a hash; with the last load
    input  logic [15:0]                         unclassified_i,  // queue of the packet's bank; with the last load
    output logic [15:0]                         queue_o
);

  if (Entries < 1 || Entries > 32768 || (Entries & (Entries - 1)) != 0) begin : g_illegal
    // Elaboration stops here: there is no such module, and its name is the message.
    indirection_table_entries_must_be_a_power_of_two_from_1_to_32768 illegal ();
  end

  localparam int IndexStages = Entries > 512 ? 1 : 0;

  // Below four entries the memory stays at two pairs a bank, so that no index is zero bits wide.
  localparam int PairBits = Entries < 4 ? 1 : $clog2(Entries) - 1;
  localparam int Pairs = 2 ** PairBits;
  localparam logic [PairBits:0] EntryMask = (PairBits + 1)'(Entries - 1);

  (* no_rw_check *) logic [31:0] pairs_q [2*Pairs];
  logic bank;
  logic [PairBits:0] index;
  logic [31:0] pair_q;
  logic odd_q;

  beat_delay #(
      .Bits(PairBits + 2), .Stages(IndexStages)
  ) u_index (
      .clk_i, .load_i(load_i[IndexStages:0]), .bits_i({bank_i, hash_i[PairBits:0] & mask_i[PairBits:0] & EntryMask}),
      .bits_o({bank, index})
  );

  logic exists_q;
  logic [PairBits:0] write_at_q;

  always_ff @(posedge clk_i) begin
    if (select_i) begin
      exists_q <= (write_pair_i >> PairBits) == '0;
      write_at_q <= {write_bank_i, write_pair_i[PairBits-1:0]};
    end
    if (write_i & exists_q) pairs_q[write_at_q] <= write_data_i;
  end

  always_ff @(posedge clk_i) begin
    if (load_i[IndexStages]) begin
      pair_q <= pairs_q[{bank, index[PairBits:1]}];
      odd_q <= index[0];
    end
  end

  always_ff @(posedge clk_i) begin
    if (load_i[IndexStages+1]) queue_o <= !classified_i ? unclassified_i : odd_q ? pair_q[31:16] : pair_q[15:0];
  end

endmodule
