// Reads every word of a beat as if an IPv6 extension header began there, for the hops to pick from: one clock, before
// anybody knows where the headers are. Word n of words_o is parser_pkg::extension_word of the beat's word n.
module extension_words #(
    parameter int BeatBytes   = 64,
    parameter int PointerBits = 7    // at most 11
) (
    input  logic                   clk_i,
    input  logic                   load_i,
    input  logic [8*BeatBytes-1:0] beat_i,
    /* verilator lint_off UNUSEDSIGNAL */  // a word is within the frame if its last byte, two behind, is
    input  logic [BeatBytes-1:0]   kept_i,  // of the beat as it came
    /* verilator lint_on UNUSEDSIGNAL */
    output logic [8*BeatBytes-1:0] words_o
);

  localparam int Beyond = (1 << PointerBits) - 8;

  always_ff @(posedge clk_i) begin : decode
    integer n;
    if (load_i) begin
      for (n = 0; n < BeatBytes / 4; n = n + 1) begin
        words_o[32*n+:32] <= parser_pkg::extension_word(n, Beyond, beat_i[32*n+:32], kept_i[4*n+1]);
      end
    end
  end

endmodule
