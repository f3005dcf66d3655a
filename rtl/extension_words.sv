// Reads every word of a beat as if an IPv6 extension header began there, for the hops to pick from: one clock, before
// anybody knows where the headers are. Word n of words_o:
//
//   31      30..20             19     18..8               7..6   5            4               3              2..0
//  +---+-----------------------+---+---------------------+------+------------+----------------+--------------+--------+
//  | 0 | end as authentication | 0 | end as other header |  0   | 24 bytes or| type 2 routing | real fragment| next's |
//  |   |                       |   |                     |      | more, kept | with an address|              | kind   |
//  +---+-----------------------+---+---------------------+------+------------+----------------+--------------+--------+
//
// Ends are words from the beat's begin, at most 2**PointerBits - 8, which is beyond every budget and leaves room for
// the fixed part of a transport header.
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

  // Begin, two words, and as many as the header says, in units of one (scale 0) or two words; compared before it is added up, for the sake of speed.
  function automatic logic [10:0] end_at(input int begins, input int scale, input logic [7:0] units);
    end_at = 32'(units) >= (Beyond - begins - 2 + scale) / (scale + 1) ? 11'(Beyond) :
             11'(begins + 2) + (scale != 0 ? 11'({units, 1'b0}) : 11'(units));
  endfunction

  always_ff @(posedge clk_i) begin : decode
    integer n;
    logic [31:0] header;  // next header, length, two bytes of its own; the first in [7:0]
    if (load_i) begin
      for (n = 0; n < BeatBytes / 4; n = n + 1) begin
        header = beat_i[32*n+:32];
        words_o[32*n+:32] <= {
            1'b0, end_at(n, 0, header[15:8]), 1'b0, end_at(n, 1, header[15:8]),
            2'd0, header[15:8] >= 8'd2 & kept_i[4*n+1], header[23:16] == 8'd2 & header[15:8] >= 8'd2,
            {header[31:24] & 8'hf9, header[23:16]} != 16'd0, parser_pkg::kind_of(header[7:0])};
      end
    end
  end

endmodule
