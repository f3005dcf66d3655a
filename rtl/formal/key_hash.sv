// What steering_core relies on of toeplitz_table_hash, in its place in proofs of control: a key that is given is worked
// into the bank that is not in force, in one to four steps here; then that bank is in force. A tuple's hash is the first bit
// of the key in its bank's tables, whatever the tuple, and anything while that bank is being written, or if a key was
// given when none may be. That the real module behaves so, in 9216 steps, is the proof of toeplitz_table_hash.
module toeplitz_table_hash (
    input  logic                           clk_i,
    input  logic                           rst_ni,
    input  logic                           key_valid_i,
    output logic                           key_ready_o,
    input  logic [rss_pkg::KEY_BITS-1:0]   key_i,
    output logic                           bank_o,
    input  logic [3:0]                     load_i,
    input  logic                           bank_i,
    input  logic [rss_pkg::TUPLE_BITS-1:0] tuple_i,
    output logic [rss_pkg::HASH_BITS-1:0]  hash_o
);

  (* anyseq *) logic enough, any_word;

  logic walks_q, spoilt_q, key_q, last;
  logic [1:0] steps_q, tables_q;
  logic word_q, word_q2, word_q3, hash_q;
  assign key_ready_o = ~walks_q;
  assign last = enough | (steps_q == 2'd3);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      walks_q <= 1'b0;
      bank_o <= 1'b0;
    end else if (key_valid_i) begin
      walks_q <= 1'b1;
      spoilt_q <= walks_q;
      key_q <= key_i[rss_pkg::KEY_BITS-1];
      steps_q <= 2'd0;
    end else if (walks_q) begin
      steps_q <= steps_q + 2'd1;
      if (bank_o) tables_q[0] <= last & ~spoilt_q ? key_q : any_word;
      else tables_q[1] <= last & ~spoilt_q ? key_q : any_word;
      if (last) begin
        walks_q <= 1'b0;
        bank_o <= ~bank_o;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (load_i[0]) word_q <= walks_q & (bank_i != bank_o) ? any_word : tables_q[bank_i];  // memories without bypass
    if (load_i[1]) word_q2 <= word_q;
    if (load_i[2]) word_q3 <= word_q2;
    if (load_i[3]) hash_q <= word_q3;
  end
  assign hash_o = {31'd0, hash_q};

endmodule
