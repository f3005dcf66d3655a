// Four bytes of toeplitz_table_hash: a table of 2 x 256 words a byte, and the sum of the four words read. Two clocks:
// read with load_i[0], sum with load_i[1]. A bank is written only while no packet reads it (whoever owns the banks sees
// to that), which spares the memories their bypass: no_rw_check. What is written goes through registers of its own: the
// memories of all groups together lie all over a device. Four named memories and not an array of them: a
// simulator is twice as fast with them.
module toeplitz_table_group (
    input  logic        clk_i,
    input  logic        rst_ni,        // what is given with it is not written
    input  logic        writes_i,      // at least one bit of write_i is set
    input  logic [3:0]  write_i,       // a bit a byte, the first byte's the highest; written a clock later
    input  logic [8:0]  write_at_i,    // bank, byte value
    input  logic [31:0] write_data_i,
    input  logic [1:0]  load_i,
    input  logic        bank_i,
    input  logic [31:0] bytes_i,   // the first in [31:24]
    output logic [31:0] sum_o
);

  (* no_rw_check *) logic [31:0] table0_q [512];
  (* no_rw_check *) logic [31:0] table1_q [512];
  (* no_rw_check *) logic [31:0] table2_q [512];
  (* no_rw_check *) logic [31:0] table3_q [512];
  logic [31:0] word0_q, word1_q, word2_q, word3_q;

  logic [3:0] write_q;
  logic [8:0] write_at_q;
  logic [31:0] write_data_q;
  always_ff @(posedge clk_i) begin
    write_q <= rst_ni ? write_i : 4'd0;
    if (writes_i) begin
      write_at_q <= write_at_i;
      write_data_q <= write_data_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (write_q[3]) table0_q[write_at_q] <= write_data_q;
    if (load_i[0]) word0_q <= table0_q[{bank_i, bytes_i[31:24]}];
  end
  always_ff @(posedge clk_i) begin
    if (write_q[2]) table1_q[write_at_q] <= write_data_q;
    if (load_i[0]) word1_q <= table1_q[{bank_i, bytes_i[23:16]}];
  end
  always_ff @(posedge clk_i) begin
    if (write_q[1]) table2_q[write_at_q] <= write_data_q;
    if (load_i[0]) word2_q <= table2_q[{bank_i, bytes_i[15:8]}];
  end
  always_ff @(posedge clk_i) begin
    if (write_q[0]) table3_q[write_at_q] <= write_data_q;
    if (load_i[0]) word3_q <= table3_q[{bank_i, bytes_i[7:0]}];
  end
  always_ff @(posedge clk_i) begin
    if (load_i[1]) sum_o <= word0_q ^ word1_q ^ word2_q ^ word3_q;
  end

endmodule
