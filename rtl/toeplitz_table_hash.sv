// The Toeplitz hash of a 288-bit tuple from tables in block RAM, a tuple a clock, four clocks: each of the 36 bytes
// looks up what it adds to the hash under the key, then nine sums, three, one. A tenth of the logic of toeplitz_hash,
// which needs no block RAM; 36 memories of 512 words here.
//
// Two banks of tables. A key given with key_valid_i, only with key_ready_o, is written into the bank that is not in force,
// one word a clock for 9217 clocks, while tuples go on under the old key; bank_o changes when it is there. A tuple comes in
// with the bank_o of that clock as bank_i and has its key all the way. Whoever owns the pipeline gives a key only while
// no tuple of the bank that is not in force is on its way.
//
// The entries of a table are visited by a shift register that passes all 256 values (a linear feedback one, with 0 put
// in between 1 and 128): as the value moves by a bit, so does its entry, since the key's windows do. What comes in and
// what falls out is added, and no window has to be picked.
//
// Reset: bank 0 in force, a walk under way is dropped, the tables keep what they held: nothing before the first key.
// Stage k loads at an edge with load_i[k]. Contract with the model: without a walk and without loads nothing changes.
module toeplitz_table_hash (
    input  logic                           clk_i,
    input  logic                           rst_ni,
    input  logic                           key_valid_i,  // only with key_ready_o
    output logic                           key_ready_o,
    input  logic [rss_pkg::KEY_BITS-1:0]   key_i,
    output logic                           bank_o,
    input  logic [3:0]                     load_i,
    input  logic                           bank_i,
    input  logic [rss_pkg::TUPLE_BITS-1:0] tuple_i,
    output logic [rss_pkg::HASH_BITS-1:0]  hash_o
);

  localparam int Bytes = rss_pkg::TUPLE_BITS / 8;

  logic walks_q, ends_q;      // ends: the last entry is being written
  logic [rss_pkg::KEY_BITS-1:0] key_q;
  logic [Bytes-1:0] byte_q;   // the byte in hand, one bit, the first byte's the lowest; none without a walk
  logic [Bytes/4-1:0] four_q; // the four bytes it is one of, likewise
  logic [38:0] window_q;      // the key bits that it meets, the first in [38]
  logic [7:0] at_q;           // the value whose entry is in hand
  logic in_q, last_q;         // known of it: the bit that comes in at the left behind it; it is the last one, 1
  logic [31:0] entry_q;
  logic fourth;               // the byte in hand is the last of its four
  logic [7:0] next_at;

  assign key_ready_o = ~walks_q;
  assign next_at = {in_q, at_q[7:1]};

  // The bit that comes in at the left behind a value.
  function automatic logic next_bit(input logic [7:0] value);
    next_bit = value[0] ^ value[2] ^ value[3] ^ value[4] ^ (value[7:1] == 7'd0);
  endfunction

  // in: the bit that comes in behind value.
  function automatic logic [31:0] next_entry(input logic [30:0] entry, input logic [7:0] value, input logic in,
                                             input logic [38:0] window);
    next_entry = {entry ^ ({31{value[0]}} & window[30:0]), ^(value[7:1] & window[6:0])} ^ ({32{in}} & window[38:7]);
  endfunction

  // The eight key bits that come into the window behind the byte in hand, in one of four bytes, the others 0. There is
  // time enough to bring them together.
  logic [31:0] key_bytes_q;
  logic [7:0] key_byte_q;

  function automatic logic [31:0] behind(input logic [rss_pkg::KEY_BITS-1:0] key, input logic [Bytes-1:0] in_hand);
    integer n;
    behind = 32'd0;
    for (n = 0; n < Bytes - 1; n = n + 1) begin
      behind[8*(n/9)+:8] = behind[8*(n/9)+:8] | ({8{in_hand[n]}} & key[280-8*n-:8]);
    end
  endfunction

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      walks_q <= 1'b0;
      ends_q <= 1'b0;
      last_q <= 1'b0;
      bank_o <= 1'b0;
      byte_q <= '0;
      four_q <= '0;
    end else begin
      if (walks_q) begin
        last_q <= next_at == 8'd1;
        ends_q <= last_q & byte_q[Bytes-1];
      end
      if (ends_q) begin
        walks_q <= 1'b0;
        bank_o <= ~bank_o;
      end
      // All are 0 without a walk.
      if (last_q) byte_q <= byte_q << 1;
      if (last_q & fourth) four_q <= four_q << 1;
      if (key_valid_i) begin
        walks_q <= 1'b1;
        byte_q[0] <= 1'b1;
        four_q[0] <= 1'b1;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (key_valid_i) window_q <= key_i[rss_pkg::KEY_BITS-1-:39];
    else if (last_q) window_q <= {window_q[30:0], key_byte_q};
    if (key_valid_i) begin
      key_q <= key_i;
      at_q <= 8'd0;
      in_q <= next_bit(8'd0);
      entry_q <= 32'd0;
    end else if (walks_q) begin
      at_q <= next_at;
      in_q <= next_bit(next_at);
      entry_q <= next_entry(entry_q[30:0], at_q, in_q, window_q);
      key_bytes_q <= behind(key_q, byte_q);
      key_byte_q <= key_bytes_q[31:24] | key_bytes_q[23:16] | key_bytes_q[15:8] | key_bytes_q[7:0];
    end
  end

  logic [Bytes-1:0] write;
  logic [Bytes/4-1:0] fourths;
  logic [287:0] ninth;
  logic [95:0] third_q;  // two sums of four, and the ninth as it is

  for (genvar g = 0; g < Bytes / 4; g = g + 1) begin : g_group
    assign fourths[g] = byte_q[4*g+3];
    for (genvar b = 0; b < 4; b = b + 1) begin : g_write
      assign write[4*g+3-b] = byte_q[4*g+b];
    end
    toeplitz_table_group u_group (
        .clk_i, .rst_ni, .writes_i(four_q[g]), .write_i(write[4*g+:4]), .write_at_i({~bank_o, at_q}), .write_data_i(entry_q),
        .load_i(load_i[1:0]), .bank_i, .bytes_i(tuple_i[287-32*g-:32]),
        .sum_o(ninth[287-32*g-:32])
    );
  end

  assign fourth = fourths != '0;

  always_ff @(posedge clk_i) begin
    if (load_i[2]) begin
      third_q <= {ninth[287:256] ^ ninth[255:224] ^ ninth[223:192] ^ ninth[191:160],
                  ninth[159:128] ^ ninth[127:96] ^ ninth[95:64] ^ ninth[63:32], ninth[31:0]};
    end
    if (load_i[3]) hash_o <= third_q[95:64] ^ third_q[63:32] ^ third_q[31:0];
  end

endmodule
