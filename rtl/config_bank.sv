// One bank of the pipeline's configuration, all but the indirection table: written a word at a time over the
// configuration bus (map in rss_pkg), read as a whole. A word takes two clocks: its address comes with the first,
// write_i and its data with the second. The hash types are kept as the rules that follow from them (report_pkg). Reset:
// no hash types, mask 0, unclassified queue 0; the key is left as it was. Writes to other addresses change nothing.
module config_bank (
    input  logic                              clk_i,
    input  logic                              rst_ni,
    input  logic                              select_i,        // takes the address
    input  logic [rss_pkg::CFG_ADDR_BITS-1:0] addr_i,
    input  logic                              write_i,         // a clock behind select_i: the word is written
    input  logic [31:0]                       data_i,          // with write_i
    output logic [report_pkg::RULES_BITS-1:0]  rules_o,
    output logic [rss_pkg::INDEX_BITS-1:0]    mask_o,
    output logic [15:0]                       unclassified_o,
    output logic [rss_pkg::KEY_BITS-1:0]      key_o
);

  // The word to be written: a bit each, the key's first.
  localparam int Types = rss_pkg::KEY_WORDS;
  localparam int Mask = Types + 1;
  localparam int Unclassified = Types + 2;
  logic [Unclassified:0] word_q;

  always_ff @(posedge clk_i) begin : select
    integer w;
    if (select_i) begin
      for (w = 0; w < rss_pkg::KEY_WORDS; w = w + 1) word_q[w] <= addr_i == rss_pkg::CFG_KEY + rss_pkg::CFG_ADDR_BITS'(w);
      word_q[Types] <= addr_i == rss_pkg::CFG_TYPES;
      word_q[Mask] <= addr_i == rss_pkg::CFG_MASK;
      word_q[Unclassified] <= addr_i == rss_pkg::CFG_UNCLASSIFIED;
    end
  end

  always_ff @(posedge clk_i) begin : write
    integer w;
    if (write_i) begin
      if (word_q[Types]) begin
        rules_o <= report_pkg::rules_of(data_i[rss_pkg::HASH_TYPES-1:0], data_i[rss_pkg::CFG_EX_ALWAYS_BIT]);
      end
      if (word_q[Mask]) mask_o <= data_i[rss_pkg::INDEX_BITS-1:0];
      if (word_q[Unclassified]) unclassified_o <= data_i[15:0];
      for (w = 0; w < rss_pkg::KEY_WORDS; w = w + 1) if (word_q[w]) key_o[rss_pkg::KEY_BITS-1-32*w-:32] <= data_i;
    end
    if (!rst_ni) begin
      rules_o <= '0;
      mask_o <= '0;
      unclassified_o <= '0;
    end
  end

endmodule
