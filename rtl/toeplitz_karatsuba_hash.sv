// The Toeplitz hash of a 288-bit tuple without block RAM, a tuple a clock, four clocks, in half the logic of
// toeplitz_hash: products of sums take the place of sums of products (Karatsuba, three levels).
//
// Each tuple word is multiplied by a 32 x 32 matrix of key bits, whose entry depends on row plus column alone. Cut in
// half both ways it is (A B; B C), and for the word's halves v and w
//
//   upper half of the result = (A + B) v + B (v + w),  lower half = (B + C) w + B (v + w):
//
// three products instead of four, each of the same kind, down to 4 x 4. The 27 small products are added up over all
// nine words before they are put together. The sums of key bits are the same sum at every place of the key: eight
// sequences, each made by one adder as the key is shifted in.
//
// Key: ten words, the first key byte in [31:24] of the first, taken with key_valid_i and key_ready_o; each keeps the
// latter low for 32 clocks. Tuples go on under the key in force meanwhile. When the tenth is in (key_ready_o is high
// again), swap_i brings the ten words taken last in force: tuples that come in with it or later have the new key.
// Before the first swap the hashes mean nothing.
//
// Stage k loads at an edge with load_i[k]. Reset drops the word on its way, if there is one; a key begins anew after
// it. Contract with the model: without a key word on its way, swap and loads nothing changes.
module toeplitz_karatsuba_hash (
    input  logic                           clk_i,
    input  logic                           rst_ni,
    input  logic                           key_valid_i,
    output logic                           key_ready_o,
    input  logic [31:0]                    key_word_i,
    input  logic                           swap_i,
    input  logic [3:0]                     load_i,
    input  logic [rss_pkg::TUPLE_BITS-1:0] tuple_i,
    output logic [rss_pkg::HASH_BITS-1:0]  hash_o
);

  localparam int KeyBits = rss_pkg::KEY_BITS;
  localparam int Leaves = 27;

  // The key's way in. A sequence's number has bit 2, 1, 0 set if it adds key bits 16, 8, 4 apart. Newest bits are the
  // lowest in each; with the last key bit comes the last sum that the key has bits for.
  logic shifts_q;
  logic [4:0] count_q;
  logic [31:0] word_q;
  /* verilator lint_off UNUSEDSIGNAL */  // every fourth one counts
  logic [28:0] recent;  // key bits by age
  /* verilator lint_on UNUSEDSIGNAL */
  logic [7:0] newest;
  logic [8*KeyBits-1:0] chains_q;
  /* verilator lint_off UNUSEDSIGNAL */  // their ends
  logic [8*KeyBits-1:0] keys_q;
  /* verilator lint_on UNUSEDSIGNAL */

  assign key_ready_o = ~shifts_q;
  assign recent = {chains_q[27:0], word_q[31]};
  assign newest = {
      recent[0] ^ recent[4] ^ recent[8] ^ recent[12] ^ recent[16] ^ recent[20] ^ recent[24] ^ recent[28],
      recent[0] ^ recent[8] ^ recent[16] ^ recent[24],
      recent[0] ^ recent[4] ^ recent[16] ^ recent[20],
      recent[0] ^ recent[16],
      recent[0] ^ recent[4] ^ recent[8] ^ recent[12],
      recent[0] ^ recent[8],
      recent[0] ^ recent[4],
      recent[0]};

  always_ff @(posedge clk_i) begin
    if (!rst_ni) shifts_q <= 1'b0;
    else if (key_valid_i & key_ready_o) shifts_q <= 1'b1;
    else if (&count_q) shifts_q <= 1'b0;
  end

  always_ff @(posedge clk_i) begin : key
    integer s;
    if (key_valid_i & key_ready_o) begin
      word_q <= key_word_i;
      count_q <= 5'd0;
    end else if (shifts_q) begin
      word_q <= word_q << 1;
      count_q <= count_q + 5'd1;
      for (s = 0; s < 8; s = s + 1) chains_q[s*KeyBits+:KeyBits] <= {chains_q[s*KeyBits+:KeyBits-1], newest[s]};
    end
    if (swap_i) keys_q <= chains_q;
  end

  // Three clocks: the products, each added up over all words.
  logic [4*Leaves-1:0] leaves;

  for (genvar n = 0; n < Leaves; n = n + 1) begin : g_leaf
    localparam int Digit0 = n / 9;
    localparam int Digit1 = n / 3 % 3;
    localparam int Digit2 = n % 3;
    localparam int Number = (Digit0 != 1 ? 4 : 0) + (Digit1 != 1 ? 2 : 0) + (Digit2 != 1 ? 1 : 0);
    localparam int Reach = (Digit0 != 1 ? 16 : 0) + (Digit1 != 1 ? 8 : 0) + (Digit2 != 1 ? 4 : 0);
    localparam int Offset = (Digit0 != 0 ? 16 : 0) + (Digit1 != 0 ? 8 : 0) + (Digit2 != 0 ? 4 : 0);

    toeplitz_leaf #(
        .Digit0(Digit0), .Digit1(Digit1), .Digit2(Digit2)
    ) u_leaf (
        .clk_i, .load_i(load_i[2:0]), .tuple_i, .key_i(keys_q[Number*KeyBits+KeyBits-1-Reach-Offset-:263]),
        .sum_o(leaves[4*n+:4])
    );
  end

  // Fourth clock: each four bits of the hash have the leaves of their halves and those of both.
  for (genvar n = 0; n < 8; n = n + 1) begin : g_hash
    localparam int First = 9 * (n / 4) + 3 * (n / 2 % 2) + n % 2;  // digits 0 and 1, or 1 and 2, in all combinations
    always_ff @(posedge clk_i) begin
      if (load_i[3]) begin
        hash_o[31-4*n-:4] <= leaves[4*First+:4] ^ leaves[4*(First+1)+:4] ^ leaves[4*(First+3)+:4] ^
                             leaves[4*(First+4)+:4] ^ leaves[4*(First+9)+:4] ^ leaves[4*(First+10)+:4] ^
                             leaves[4*(First+12)+:4] ^ leaves[4*(First+13)+:4];
      end
    end
  end

endmodule
