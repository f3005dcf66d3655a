// The bus side of a register block: an AXI4-Lite subordinate with 32-bit data that turns transfers into single-clock
// writes and reads. It knows no register. (Protection bits are not looked at, so they have no ports.)
//
// A write is given at a clock with write_o, when its address and its data are both there, in whichever order they came;
// write_error_i in the same clock decides between OKAY and SLVERR. A read is given at a clock with read_o, with
// read_error_i in the same clock; read_data_i is taken a clock later. Never both in one clock: the write goes first.
// No path leads from an input of the bus to an output without a register between. A write's answer can be taken two
// clocks after its last half was, a read's three clocks after its address (one more when a write goes first); back to
// back a write takes two clocks and a read three. At an edge with rst_ni low nothing is transferred.
module axil_port #(
    parameter int AddressBits = 12
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    // bus; bits 1:0 of addresses are ignored
    /* verilator lint_off UNUSEDSIGNAL */
    input  logic [AddressBits-1:0] axil_awaddr_i,
    /* verilator lint_on UNUSEDSIGNAL */
    input  logic                   axil_awvalid_i,
    output logic                   axil_awready_o,
    input  logic [31:0]            axil_wdata_i,
    input  logic [3:0]             axil_wstrb_i,
    input  logic                   axil_wvalid_i,
    output logic                   axil_wready_o,
    output logic [1:0]             axil_bresp_o,
    output logic                   axil_bvalid_o,
    input  logic                   axil_bready_i,
    /* verilator lint_off UNUSEDSIGNAL */
    input  logic [AddressBits-1:0] axil_araddr_i,
    /* verilator lint_on UNUSEDSIGNAL */
    input  logic                   axil_arvalid_i,
    output logic                   axil_arready_o,
    output logic [31:0]            axil_rdata_o,
    output logic [1:0]             axil_rresp_o,
    output logic                   axil_rvalid_o,
    input  logic                   axil_rready_i,
    // registers; words are addresses without bits 1:0
    output logic                   write_o,
    output logic [AddressBits-3:0] write_word_o,
    output logic [31:0]            write_data_o,
    output logic [3:0]             write_strobes_o,
    input  logic                   write_error_i,
    output logic                   read_o,
    output logic [AddressBits-3:0] read_word_o,
    input  logic                   read_error_i,
    input  logic [31:0]            read_data_i
);

  localparam logic [1:0] OKAY = 2'b00;
  localparam logic [1:0] SLVERR = 2'b10;

  // Writes.
  logic address_q, data_q;  // that half is there
  assign axil_awready_o = ~address_q;
  assign axil_wready_o = ~data_q;
  assign write_o = address_q & data_q & ~axil_bvalid_o;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      address_q <= 1'b0;
      data_q <= 1'b0;
      axil_bvalid_o <= 1'b0;
    end else begin
      if (write_o) address_q <= 1'b0;
      else if (axil_awvalid_i) address_q <= 1'b1;
      if (write_o) data_q <= 1'b0;
      else if (axil_wvalid_i) data_q <= 1'b1;
      if (write_o) axil_bvalid_o <= 1'b1;
      else if (axil_bready_i) axil_bvalid_o <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (axil_awvalid_i & axil_awready_o) write_word_o <= axil_awaddr_i[AddressBits-1:2];
    if (axil_wvalid_i & axil_wready_o) {write_strobes_o, write_data_o} <= {axil_wstrb_i, axil_wdata_i};
    if (write_o) axil_bresp_o <= write_error_i ? SLVERR : OKAY;
  end

  // Reads.
  logic read_q;     // the address is there
  logic reading_q;  // given in the clock before
  logic error_q;
  assign axil_arready_o = ~read_q;
  assign read_o = read_q & ~reading_q & ~axil_rvalid_o & ~write_o;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      read_q <= 1'b0;
      reading_q <= 1'b0;
      axil_rvalid_o <= 1'b0;
    end else begin
      if (read_o) read_q <= 1'b0;
      else if (axil_arvalid_i) read_q <= 1'b1;
      reading_q <= read_o;
      if (reading_q) axil_rvalid_o <= 1'b1;
      else if (axil_rready_i) axil_rvalid_o <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (axil_arvalid_i & axil_arready_o) read_word_o <= axil_araddr_i[AddressBits-1:2];
    if (read_o) error_q <= read_error_i;
    if (reading_q) {axil_rresp_o, axil_rdata_o} <= error_q ? {SLVERR, 32'd0} : {OKAY, read_data_i};
  end

endmodule
