// What staged_config promises at its ports, for proofs, with its owner's promises as assumptions: no write and no
// commit while busy, never a read and a write in one clock. One staged word, any, is followed: what software wrote is what it
// reads, and what goes to the pipeline at its place in each commit.
module staged_control (
    input logic        clk_i,
    input logic        rst_ni,
    input logic [4:0]  follow_i,  // taken with a reset: place in the order of a commit
    input logic        write_i,
    input logic [14:0] write_word_i,
    input logic [31:0] write_data_i,
    input logic        read_i,
    input logic [14:0] read_word_i,
    input logic        commit_i,
    input logic        cfg_ready_i
);

  localparam int Entries = 4;
  localparam int Pairs = Entries / 2;
  localparam int Types = Pairs + 10;

  logic busy, waiting, committed, cfg_valid;
  logic [14:0] cfg_addr;
  logic [31:0] cfg_data, read_data;

  staged_config #(
      .Entries(Entries)
  ) u_dut (
      .clk_i, .rst_ni, .write_i, .write_word_i, .write_data_i, .read_i, .read_word_i, .read_data_o(read_data), .commit_i,
      .busy_o(busy), .waiting_o(waiting), .committed_o(committed), .cfg_valid_o(cfg_valid), .cfg_ready_i,
      .cfg_addr_o(cfg_addr), .cfg_data_o(cfg_data)
  );

  logic started_q;
  initial started_q = 1'b0;
  always_ff @(posedge clk_i) started_q <= 1'b1;

  // Busy, told without the design: from a commit to the transfer of its last word.
  logic busy_q, sent;
  assign sent = rst_ni & cfg_valid & cfg_ready_i;
  always_comb begin
    assume (started_q || !rst_ni);
    assume (!busy_q || (!write_i && !commit_i));
    assume (!write_i || !read_i);
    assume (rst_ni || (!write_i && !read_i && !commit_i));
  end

  // The order of a commit, and where in it the next word is.
  function automatic logic [14:0] bus_address(input logic [4:0] place);
    bus_address = place < 5'(Pairs) ? {10'd0, place} : place < 5'(Types) ? 15'h4000 + {10'd0, place - 5'(Pairs)} :
                  place == 5'(Types) ? 15'h4010 : place == 5'(Types + 1) ? 15'h4011 :
                  place == 5'(Types + 2) ? 15'h4012 : 15'h401f;
  endfunction
  function automatic logic [14:0] register_word(input logic [4:0] place);
    register_word = place < 5'(Pairs) ? rss_registers_pkg::TABLE[16:2] + {10'd0, place} :
                    place < 5'(Types) ? rss_registers_pkg::KEY[16:2] + {10'd0, place - 5'(Pairs)} :
                    place == 5'(Types) ? rss_registers_pkg::HASH_TYPES[16:2] :
                    place == 5'(Types + 1) ? rss_registers_pkg::MASK[16:2] : rss_registers_pkg::UNCLASSIFIED_QUEUE[16:2];
  endfunction

  logic [4:0] place_q;
  logic [2:0] clocks_q;  // without a read, since the last word
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      busy_q <= 1'b0;
      place_q <= 5'd0;
      clocks_q <= 3'd0;
    end else begin
      if (commit_i) busy_q <= 1'b1;
      else if (sent && place_q == 5'(Types + 3)) busy_q <= 1'b0;
      if (sent) place_q <= place_q == 5'(Types + 3) ? 5'd0 : place_q + 5'd1;
      clocks_q <= sent || cfg_valid || !busy_q ? 3'd0 : clocks_q + 3'(!read_i);
    end
  end

  // The word that is followed. Table and key keep what they held before a reset, which nobody knows here.
  logic [4:0] follow_q;
  logic [31:0] word_q;
  logic known_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      follow_q <= follow_i;
      known_q <= follow_i >= 5'(Types);
      word_q <= 32'd0;
    end else if (write_i && write_word_i == register_word(follow_q)) begin
      known_q <= 1'b1;
      word_q <= write_data_i & (follow_q == 5'(Types)     ? 32'(rss_registers_pkg::HASH_TYPES_RW) :
                                follow_q == 5'(Types + 1) ? 32'(rss_registers_pkg::MASK_RW) :
                                follow_q == 5'(Types + 2) ? 32'(rss_registers_pkg::UNCLASSIFIED_QUEUE_RW) : 32'hffffffff);
    end
  end
  always_comb assume (follow_i < 5'(Types + 3));

  // The clock before.
  logic waits_q, read_q;
  logic [14:0] addr_q;
  logic [31:0] data_q;
  always_ff @(posedge clk_i) begin
    waits_q <= rst_ni & cfg_valid & ~cfg_ready_i;
    read_q <= rst_ni & read_i & known_q & read_word_i == register_word(follow_q);
    addr_q <= cfg_addr;
    data_q <= cfg_data;
  end

  always_comb begin
    if (started_q) begin
      word_stays : assert (!waits_q || (cfg_valid && cfg_addr == addr_q && cfg_data == data_q));
      in_order : assert (!cfg_valid || (busy_q && cfg_addr == bus_address(place_q)));
      what_was_written : assert (!(cfg_valid && known_q && place_q == follow_q) || cfg_data == word_q);
      reads_what_was_written : assert (!read_q || read_data == word_q);
      busy_until_commit : assert (busy == busy_q);
      told_once : assert (committed == (cfg_valid && cfg_ready_i && place_q == 5'(Types + 3)));
      waiting_is_shown : assert (waiting == (cfg_valid && !cfg_ready_i));
      goes_on : assert (clocks_q <= 3'd2);
    end
  end

endmodule
