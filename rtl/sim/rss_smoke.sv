// A first sign of life of rss_top in whatever simulator it is built into: finds the block over AXI4-Lite, configures
// it, sends the five TCP packets of Microsoft's RSS verification suite and compares hashes, queues and counters. Prints
// "rss_smoke passed" or stops with an error. For event simulators only, not for synthesis; the tests proper are in
// tb/unit/rtl.
module rss_smoke;

  localparam logic [319:0] KEY = {
      64'h6d5a56da255b0ec2, 64'h4167253d43a38fb0, 64'hd0ca2bcbae7b30b4, 64'h77cb2da38030f20c, 64'h6a42b73bbeac01fa};
  localparam int PACKETS = 5;
  // source, destination, source port, destination port, hash
  localparam logic [PACKETS*128-1:0] VECTORS = {
      8'd153, 8'd39, 8'd163, 8'd191, 8'd202, 8'd188, 8'd127, 8'd2, 16'd44251, 16'd1303, 32'h10e828a2,
      8'd38, 8'd27, 8'd205, 8'd30, 8'd209, 8'd142, 8'd163, 8'd6, 16'd48228, 16'd2217, 32'hafc7327f,
      8'd24, 8'd19, 8'd198, 8'd95, 8'd12, 8'd22, 8'd207, 8'd184, 16'd12898, 16'd38024, 32'h5c2b394a,
      8'd199, 8'd92, 8'd111, 8'd2, 8'd65, 8'd69, 8'd140, 8'd83, 16'd14230, 16'd4739, 32'hc626b0ea,
      8'd66, 8'd9, 8'd149, 8'd187, 8'd161, 8'd142, 8'd100, 8'd80, 16'd2794, 16'd1766, 32'h51ccc178};

  logic clk = 1'b0;
  logic rst_n = 1'b0;
  always #2 clk = ~clk;

  logic [511:0] tdata = '0;
  logic [63:0] tkeep = '0;
  logic tvalid = 1'b0;
  logic tready, out_valid, out_bank, out_over_budget;
  logic [15:0] out_id, out_queue;
  logic [31:0] out_hash;
  logic [3:0] out_report;
  logic [16:0] address = '0;
  logic [31:0] wdata = '0;
  logic awvalid = 1'b0;
  logic wvalid = 1'b0;
  logic arvalid = 1'b0;
  logic awready, wready, bvalid, arready, rvalid;
  logic [1:0] bresp, rresp;
  logic [31:0] rdata;
  integer sent = 0;

  rss_top u_dut (
      .clk_i(clk), .rst_ni(rst_n),
      .tdata_i(tdata), .tkeep_i(tkeep), .tvalid_i(tvalid), .tready_o(tready), .tlast_i(1'b1), .tuser_i(16'(sent)),
      .start_offset_i(10'd0),
      .out_valid_o(out_valid), .out_ready_i(1'b1), .out_id_o(out_id), .out_hash_o(out_hash), .out_report_o(out_report),
      .out_queue_o(out_queue), .out_bank_o(out_bank), .out_over_budget_o(out_over_budget),
      .axil_awaddr_i(address), .axil_awvalid_i(awvalid), .axil_awready_o(awready), .axil_wdata_i(wdata),
      .axil_wstrb_i(4'hf), .axil_wvalid_i(wvalid), .axil_wready_o(wready), .axil_bresp_o(bresp), .axil_bvalid_o(bvalid),
      .axil_bready_i(1'b1), .axil_araddr_i(address), .axil_arvalid_i(arvalid), .axil_arready_o(arready),
      .axil_rdata_o(rdata), .axil_rresp_o(rresp), .axil_rvalid_o(rvalid), .axil_rready_i(1'b1)
  );

  task automatic fail(input [8*40-1:0] what);
    begin
      $display("rss_smoke: %0s at %0t", what, $time);
      $fatal(1);
    end
  endtask

  // Inputs change behind the clock's edge, so that no simulator takes them a clock early.
  task automatic write(input logic [16:0] at, input logic [31:0] value);
    begin
      address = at;
      wdata = value;
      awvalid = 1'b1;
      wvalid = 1'b1;
      @(posedge clk) #1;
      awvalid = 1'b0;
      wvalid = 1'b0;
      while (!bvalid) @(posedge clk) #1;
      if (bresp != 2'b00) fail("write refused");
      @(posedge clk) #1;
    end
  endtask

  task automatic read(input logic [16:0] at, output logic [31:0] value);
    begin
      address = at;
      arvalid = 1'b1;
      @(posedge clk) #1;
      arvalid = 1'b0;
      while (!rvalid) @(posedge clk) #1;
      if (rresp != 2'b00) fail("read refused");
      value = rdata;
      @(posedge clk) #1;
    end
  endtask

  // The frame's first byte is the lowest.
  function automatic [511:0] frame(input logic [95:0] tuple);
    integer n;
    logic [431:0] bytes;
    begin
      bytes = {96'd0, 16'h0800, 8'h45, 8'd0, 16'd40, 32'd0, 8'd64, 8'd6, 16'd0, tuple, 128'd0};
      frame = '0;
      for (n = 0; n < 54; n = n + 1) frame[8*n+:8] = bytes[431-8*n-:8];
    end
  endfunction

  logic [31:0] value;
  integer n;
  integer received = 0;

  initial begin
    repeat (4) @(posedge clk);
    #1 rst_n = 1'b1;
    read(rss_registers_pkg::IDENTITY, value);
    if (value != rss_registers_pkg::IDENTITY_MAGIC_VALUE) fail("no register block");
    write(rss_registers_pkg::HASH_TYPES, 32'h1ff);
    write(rss_registers_pkg::MASK, 32'd127);
    for (n = 0; n < 10; n = n + 1) write(rss_registers_pkg::KEY + 17'(4 * n), KEY[319-32*n-:32]);
    for (n = 0; n < 64; n = n + 1) write(rss_registers_pkg::TABLE + 17'(4 * n), {16'(2 * n + 1), 16'(2 * n)});
    write(rss_registers_pkg::COMMIT, 32'd1);
    read(rss_registers_pkg::STATUS, value);
    while (value[rss_registers_pkg::STATUS_BUSY_LSB]) read(rss_registers_pkg::STATUS, value);

    tvalid = 1'b1;
    tkeep = 64'h003fffffffffffff;
    while (sent < PACKETS) begin
      tdata = frame(VECTORS[128*sent+32+:96]);
      while (!tready) @(posedge clk) #1;
      @(posedge clk) #1;
      sent = sent + 1;
    end
    tvalid = 1'b0;
    for (n = 0; n < 100; n = n + 1) @(posedge clk);
    #1 if (received != PACKETS) fail("results are missing");
    write(rss_registers_pkg::COUNTERS, 32'd1);
    read(rss_registers_pkg::PACKETS + 17'd16, value);
    if (value != PACKETS) fail("wrong count");
    $display("rss_smoke passed");
    $finish;
  end

  always @(negedge clk) begin
    if (rst_n && out_valid) begin
      if (out_id != 16'(received) || out_report != rss_pkg::REPORT_TCPV4 || out_over_budget) fail("wrong result");
      if (out_hash != VECTORS[128*received+:32]) fail("wrong hash");
      if (out_queue != 16'(out_hash[6:0])) fail("wrong queue");
      received <= received + 1;
    end
  end

endmodule
