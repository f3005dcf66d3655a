// The Toeplitz hash of a 288-bit tuple from tables in block RAM, a tuple a clock, four clocks: each of the 36 bytes
// looks up what it adds to the hash under the key, then nine sums, three, one. A tenth of the logic of toeplitz_hash,
// which needs no block RAM; 36 memories of 512 words here.
//
// Two banks of tables. A key taken with key_valid_i and key_ready_o is written into the bank that is not in force, one
// word a clock for 9216 clocks, while tuples go on under the old key; bank_o changes when it is there. A tuple comes in
// with the bank_o of that clock as bank_i and has its key all the way. The walk waits while hold_i is high: whoever
// owns the pipeline holds it while tuples of the bank that is not in force are on their way.
//
// Each table is written in Gray code order: one bit of the byte changes from entry to entry, so each is the one before
// plus one 32-bit window of the key.
//
// Reset: bank 0 in force, a walk under way is dropped, the tables keep what they held: nothing before the first key.
// Stage k loads at an edge with load_i[k]. Contract with the model: without a walk and without loads nothing changes.
module toeplitz_table_hash (
    input  logic                           clk_i,
    input  logic                           rst_ni,
    input  logic                           key_valid_i,
    output logic                           key_ready_o,
    input  logic [rss_pkg::KEY_BITS-1:0]   key_i,
    input  logic                           hold_i,
    output logic                           bank_o,
    input  logic [3:0]                     load_i,
    input  logic                           bank_i,
    input  logic [rss_pkg::TUPLE_BITS-1:0] tuple_i,
    output logic [rss_pkg::HASH_BITS-1:0]  hash_o
);

  localparam int Bytes = rss_pkg::TUPLE_BITS / 8;

  logic walks_q, step;
  logic [rss_pkg::KEY_BITS-1:0] key_q;  // its first bits are the windows of the byte in hand
  logic [5:0] byte_q;
  logic [7:0] count_q;                  // the entry in hand is the Gray code of this
  logic [31:0] entry_q, window;

  assign key_ready_o = ~walks_q;
  assign step = walks_q & ~hold_i;

  // From the entry in hand to the next: the byte's bit k changes, k the number of ones at the end of the count, and
  // adds the window that begins at bit 7 - k.
  function automatic logic [31:0] next_window(input logic [38:0] key, input logic [7:0] count);
    integer k;
    next_window = key[38:7];
    for (k = 6; k >= 0; k = k - 1) if (!count[k]) next_window = key[k+:32];
  endfunction
  assign window = next_window(key_q[rss_pkg::KEY_BITS-1-:39], count_q);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      walks_q <= 1'b0;
      bank_o <= 1'b0;
    end else if (key_valid_i & key_ready_o) begin
      walks_q <= 1'b1;
    end else if (step && count_q == 8'd255 && byte_q == 6'(Bytes - 1)) begin
      walks_q <= 1'b0;
      bank_o <= ~bank_o;
    end
  end

  always_ff @(posedge clk_i) begin
    if (key_valid_i & key_ready_o) begin
      key_q <= key_i;
      byte_q <= 6'd0;
      count_q <= 8'd0;
      entry_q <= 32'd0;
    end else if (step) begin
      count_q <= count_q + 8'd1;
      entry_q <= entry_q ^ window;
      if (count_q == 8'd255) begin
        entry_q <= 32'd0;
        byte_q <= byte_q + 6'd1;
        key_q <= {key_q[rss_pkg::KEY_BITS-9:0], 8'd0};
      end
    end
  end

  logic [Bytes-1:0] write;
  logic [287:0] ninth;
  logic [95:0] third_q;

  for (genvar g = 0; g < Bytes / 4; g = g + 1) begin : g_group
    for (genvar b = 0; b < 4; b = b + 1) begin : g_write
      assign write[4*g+3-b] = step & byte_q == 6'(4 * g + b);
    end
    toeplitz_table_group u_group (
        .clk_i, .write_i(write[4*g+:4]), .write_at_i({~bank_o, count_q ^ {1'b0, count_q[7:1]}}),
        .write_data_i(entry_q), .load_i(load_i[1:0]), .bank_i, .bytes_i(tuple_i[287-32*g-:32]),
        .sum_o(ninth[287-32*g-:32])
    );
  end

  always_ff @(posedge clk_i) begin
    if (load_i[2]) third_q <= ninth[287:192] ^ ninth[191:96] ^ ninth[95:0];
    if (load_i[3]) hash_o <= third_q[95:64] ^ third_q[63:32] ^ third_q[31:0];
  end

endmodule
