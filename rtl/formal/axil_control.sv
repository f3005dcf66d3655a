// What axil_port promises at its ports, for proofs: every input is arbitrary in every clock, but for a reset in the
// first.
// The wrapper keeps what was taken and not yet given (write halves, a read), and what was given and not yet answered.
module axil_control (
    input logic        clk_i,
    input logic        rst_ni,
    input logic [11:0] axil_awaddr_i,
    input logic        axil_awvalid_i,
    input logic [31:0] axil_wdata_i,
    input logic [3:0]  axil_wstrb_i,
    input logic        axil_wvalid_i,
    input logic        axil_bready_i,
    input logic [11:0] axil_araddr_i,
    input logic        axil_arvalid_i,
    input logic        axil_rready_i,
    input logic        write_error_i,
    input logic        read_error_i,
    input logic [31:0] read_data_i
);

  logic awready, wready, bvalid, arready, rvalid, write, read;
  logic [1:0] bresp, rresp;
  logic [31:0] rdata, write_data;
  logic [9:0] write_word, read_word;
  logic [3:0] write_strobes;

  axil_port #(
      .AddressBits(12)
  ) u_dut (
      .clk_i, .rst_ni,
      .axil_awaddr_i, .axil_awvalid_i, .axil_awready_o(awready), .axil_wdata_i, .axil_wstrb_i, .axil_wvalid_i,
      .axil_wready_o(wready), .axil_bresp_o(bresp), .axil_bvalid_o(bvalid), .axil_bready_i,
      .axil_araddr_i, .axil_arvalid_i, .axil_arready_o(arready), .axil_rdata_o(rdata), .axil_rresp_o(rresp),
      .axil_rvalid_o(rvalid), .axil_rready_i,
      .write_o(write), .write_word_o(write_word), .write_data_o(write_data), .write_strobes_o(write_strobes),
      .write_error_i, .read_o(read), .read_word_o(read_word), .read_error_i, .read_data_i
  );

  logic started_q;
  initial started_q = 1'b0;
  always_ff @(posedge clk_i) started_q <= 1'b1;
  always_comb assume (started_q || !rst_ni);

  // Taken and not yet given; given and not yet answered.
  logic address_q, data_q, read_q, write_answer_q, read_answer_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      address_q <= 1'b0;
      data_q <= 1'b0;
      read_q <= 1'b0;
      write_answer_q <= 1'b0;
      read_answer_q <= 1'b0;
    end else begin
      address_q <= (axil_awvalid_i & awready) | (address_q & ~write);
      data_q <= (axil_wvalid_i & wready) | (data_q & ~write);
      read_q <= (axil_arvalid_i & arready) | (read_q & ~read);
      write_answer_q <= write | (write_answer_q & ~(bvalid & axil_bready_i));
      read_answer_q <= read | (read_answer_q & ~(rvalid & axil_rready_i));
    end
  end

  // What was taken, and what the answers are to be.
  logic [9:0] address_word_q, read_word_q;
  logic [35:0] data_word_q;
  logic write_error_q, read_error_q, read_given_q;
  logic [31:0] read_data_q;
  always_ff @(posedge clk_i) begin
    if (axil_awvalid_i & awready) address_word_q <= axil_awaddr_i[11:2];
    if (axil_wvalid_i & wready) data_word_q <= {axil_wstrb_i, axil_wdata_i};
    if (axil_arvalid_i & arready) read_word_q <= axil_araddr_i[11:2];
    if (write) write_error_q <= write_error_i;
    if (read) read_error_q <= read_error_i;
    read_given_q <= read;
    if (read_given_q) read_data_q <= read_data_i;
  end

  // The clock before.
  logic rst_q, b_waits_q, r_waits_q;
  logic [1:0] bresp_q, rresp_q;
  logic [31:0] rdata_q;
  always_ff @(posedge clk_i) begin
    rst_q <= rst_ni;
    b_waits_q <= rst_ni & bvalid & ~axil_bready_i;
    r_waits_q <= rst_ni & rvalid & ~axil_rready_i;
    {bresp_q, rresp_q, rdata_q} <= {bresp, rresp, rdata};
  end

  always_comb begin
    if (started_q) begin
      // Answers stay until taken, and are one for each write and read given.
      write_answer_stays : assert (!b_waits_q || (bvalid && bresp == bresp_q));
      read_answer_stays : assert (!r_waits_q || (rvalid && rresp == rresp_q && rdata == rdata_q));
      write_answer_is_due : assert (!bvalid || write_answer_q);
      read_answer_is_due : assert (!rvalid || read_answer_q);
      write_answer : assert (!bvalid || bresp == {write_error_q, 1'b0});
      read_answer : assert (!rvalid || (rresp == {read_error_q, 1'b0} && rdata == (read_error_q ? 32'd0 : read_data_q)));
      // Writes and reads are given once for each that came, with what came.
      write_is_due : assert (!write || (address_q && data_q && !write_answer_q));
      read_is_due : assert (!read || (read_q && !read_answer_q));
      write_is_what_came : assert (!write || (write_word == address_word_q && {write_strobes, write_data} == data_word_q));
      read_is_what_came : assert (!read || read_word == read_word_q);
      never_both : assert (!write || !read);
      // Nothing waits for anything but the answer before: the write at once, the read behind it; the answer to a write
      // is there in the next clock, to a read in the one after.
      write_in_time : assert (!(address_q && data_q && !write_answer_q) || write);
      read_in_time : assert (!(read_q && !read_answer_q) || read || write);
      ready_for_writes : assert ((address_q || awready) && (data_q || wready) && (!write_answer_q || bvalid));
      ready_for_reads : assert ((read_q || arready) && (!read_answer_q || rvalid || read_given_q));
    end
  end

endmodule
