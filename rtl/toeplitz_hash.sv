// The Toeplitz hash of a 288-bit tuple under a 320-bit key, a tuple a clock, three clocks: bit i of the tuple (counted
// from the left) that is set adds the 32 key bits from i on. First nine partial sums, one a tuple word, then three,
// then the hash.
//
// Stage k loads at an edge with load_i[k]; hash_o belongs to the tuple that went through all three. key_i is read with
// load_i[0] only, so each tuple may have a key of its own. There is no valid bit here: whoever owns the pipeline has
// it.
//
// The partial sums are one function called inside the clocked block, and all nine words take bit i in the same step,
// for the sake of simulation speed: the compiler turns that shape into SIMD code, twice as fast as word after word,
// and as a net that is registered later it would be evaluated whenever an input moves (five times slower).
module toeplitz_hash (
    input  logic                           clk_i,
    input  logic [2:0]                     load_i,
    input  logic [rss_pkg::KEY_BITS-1:0]   key_i,
    input  logic [rss_pkg::TUPLE_BITS-1:0] tuple_i,
    output logic [rss_pkg::HASH_BITS-1:0]  hash_o
);

  // The sum of tuple word w in bits [287-32*w -: 32].
  function automatic logic [287:0] word_sums(input logic [287:0] tuple, input logic [319:0] key);
    integer i;
    word_sums = 288'd0;
    for (i = 0; i < 32; i = i + 1) begin
      word_sums = word_sums ^ (key[319-i-:288] & {
          {32{tuple[287-i]}}, {32{tuple[255-i]}}, {32{tuple[223-i]}},
          {32{tuple[191-i]}}, {32{tuple[159-i]}}, {32{tuple[127-i]}},
          {32{tuple[95-i]}}, {32{tuple[63-i]}}, {32{tuple[31-i]}}});
    end
  endfunction

  logic [287:0] ninth_q;
  logic [95:0] third_q;

  always_ff @(posedge clk_i) begin
    if (load_i[0]) ninth_q <= word_sums(tuple_i, key_i);
    if (load_i[1]) third_q <= ninth_q[287:192] ^ ninth_q[191:96] ^ ninth_q[95:0];
    if (load_i[2]) hash_o <= third_q[95:64] ^ third_q[63:32] ^ third_q[31:0];
  end

endmodule
