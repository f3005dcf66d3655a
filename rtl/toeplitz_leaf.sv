// One small product of toeplitz_karatsuba_hash, added up over the nine tuple words: three clocks. Of each word it takes
// four bits: at each level the upper half (digit 0), the lower half (2) or the sum of both (1) of what is left of it.
// They are multiplied by the 4 x 4 matrix whose entry depends on row plus column: key_i, from the word's first bit on.
module toeplitz_leaf #(
    parameter int Digit0 = 0,  // 32 bits to 16
    parameter int Digit1 = 0,  // 16 to 8
    parameter int Digit2 = 0   // 8 to 4
) (
    input  logic         clk_i,
    input  logic [2:0]   load_i,
    input  logic [287:0] tuple_i,
    /* verilator lint_off UNUSEDSIGNAL */  // seven bits of each word's 32
    input  logic [262:0] key_i,   // read with load_i[1]; the first in [262]
    /* verilator lint_on UNUSEDSIGNAL */
    output logic [3:0]   sum_o    // the first in [3]
);

  localparam int Words = 9;
  localparam int Sums = 5;  // of two words each

  logic [4*Words-1:0] nibbles, nibbles_q;

  for (genvar w = 0; w < Words; w = w + 1) begin : g_word
    logic [31:0] word;
    logic [15:0] half;
    logic [7:0] quarter;
    assign word = tuple_i[32*w+:32];
    assign half = Digit0 == 0 ? word[31:16] : Digit0 == 2 ? word[15:0] : word[31:16] ^ word[15:0];
    assign quarter = Digit1 == 0 ? half[15:8] : Digit1 == 2 ? half[7:0] : half[15:8] ^ half[7:0];
    assign nibbles[4*w+:4] = Digit2 == 0 ? quarter[7:4] : Digit2 == 2 ? quarter[3:0] : quarter[7:4] ^ quarter[3:0];
  end

  logic [4*Sums-1:0] sums, sums_q;

  for (genvar u = 0; u < 4; u = u + 1) begin : g_row
    for (genvar s = 0; s < Sums; s = s + 1) begin : g_sum
      if (2 * s + 1 < Words) begin : g_two
        assign sums[u*Sums+s] = ^(nibbles_q[8*s+:8] & {key_i[35-u+64*s+:4], key_i[3-u+64*s+:4]});
      end else begin : g_one
        assign sums[u*Sums+s] = ^(nibbles_q[8*s+:4] & key_i[3-u+64*s+:4]);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (load_i[0]) nibbles_q <= nibbles;
    if (load_i[1]) sums_q <= sums;
    if (load_i[2]) sum_o <= {^sums_q[0+:Sums], ^sums_q[Sums+:Sums], ^sums_q[2*Sums+:Sums], ^sums_q[3*Sums+:Sums]};
  end

endmodule
