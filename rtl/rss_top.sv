// Receive-side steering as a block to be built in: frames in, hash, hash report and receive queue out
// (receive_steering), controlled and watched over AXI4-Lite (rss_registers; docs/registers.md). One clock, one reset.
// Rules of the streams and their lanes: receive_steering.sv and rtl/README.md. Back-pressure on the results stops
// frames, never the register bus.
module rss_top #(
    parameter int Lanes         = 1,    // frame streams side by side: 1, 2 or 4
    parameter int DataBits      = 512,  // width of a frame stream: 128, 256, 512 or 1024
    parameter int HeaderBytes   = 256,  // bytes of a frame that are read: 256, 512 or 1024
    parameter int MaxExtensions = 4,    // IPv6 extension headers that are walked over: 4 to 16
    parameter int StartOffset   = 1,    // 0: start_offset_i is ignored
    parameter int Entries       = 512,  // indirection table entries: a power of two, 1 to 32768
    parameter int HashTables    = 0,    // 1: the hash from tables in block RAM (steering_core); a commit takes longer
    parameter int HoldIdle      = 1     // 0: no clock enables on data, for a higher clock (frame_parser)
) (
    input  logic                                       clk_i,
    input  logic                                       rst_ni,  // synchronous
    // frames
    input  logic [Lanes*DataBits-1:0]                  tdata_i,
    input  logic [Lanes*DataBits/8-1:0]                tkeep_i,
    input  logic [Lanes-1:0]                           tvalid_i,
    output logic [Lanes-1:0]                           tready_o,
    input  logic [Lanes-1:0]                           tlast_i,
    input  logic [16*Lanes-1:0]                        tuser_i,         // comes back with the result
    input  logic [10*Lanes-1:0]                        start_offset_i,  // bytes before the Ethernet header
    // results
    output logic [Lanes-1:0]                           out_valid_o,
    input  logic                                       out_ready_i,
    output logic [16*Lanes-1:0]                        out_id_o,
    output logic [32*Lanes-1:0]                        out_hash_o,
    output logic [4*Lanes-1:0]                         out_report_o,
    output logic [16*Lanes-1:0]                        out_queue_o,
    output logic [Lanes-1:0]                           out_bank_o,
    output logic [Lanes-1:0]                           out_over_budget_o,
    // AXI4-Lite
    input  logic [rss_registers_pkg::ADDRESS_BITS-1:0] axil_awaddr_i,
    input  logic                                       axil_awvalid_i,
    output logic                                       axil_awready_o,
    input  logic [31:0]                                axil_wdata_i,
    input  logic [3:0]                                 axil_wstrb_i,
    input  logic                                       axil_wvalid_i,
    output logic                                       axil_wready_o,
    output logic [1:0]                                 axil_bresp_o,
    output logic                                       axil_bvalid_o,
    input  logic                                       axil_bready_i,
    input  logic [rss_registers_pkg::ADDRESS_BITS-1:0] axil_araddr_i,
    input  logic                                       axil_arvalid_i,
    output logic                                       axil_arready_o,
    output logic [31:0]                                axil_rdata_o,
    output logic [1:0]                                 axil_rresp_o,
    output logic                                       axil_rvalid_o,
    input  logic                                       axil_rready_i
);

  logic cfg_valid, cfg_ready, active_bank;
  logic [rss_pkg::CFG_ADDR_BITS-1:0] cfg_addr;
  logic [31:0] cfg_data;

  receive_steering #(
      .Lanes(Lanes), .DataBits(DataBits), .HeaderBytes(HeaderBytes), .MaxExtensions(MaxExtensions),
      .StartOffset(StartOffset), .Entries(Entries), .HashTables(HashTables), .HoldIdle(HoldIdle)
  ) u_steering (
      .clk_i, .rst_ni,
      .tdata_i, .tkeep_i, .tvalid_i, .tready_o, .tlast_i, .tuser_i, .start_offset_i,
      .cfg_valid_i(cfg_valid), .cfg_ready_o(cfg_ready), .cfg_addr_i(cfg_addr), .cfg_data_i(cfg_data),
      .active_bank_o(active_bank),
      .out_valid_o, .out_ready_i, .out_id_o, .out_hash_o, .out_report_o, .out_queue_o, .out_bank_o, .out_over_budget_o
  );

  rss_registers #(
      .Lanes(Lanes), .DataBits(DataBits), .HeaderBytes(HeaderBytes), .MaxExtensions(MaxExtensions),
      .StartOffset(StartOffset), .Entries(Entries), .HashTables(HashTables)
  ) u_registers (
      .clk_i, .rst_ni,
      .axil_awaddr_i, .axil_awvalid_i, .axil_awready_o, .axil_wdata_i, .axil_wstrb_i, .axil_wvalid_i, .axil_wready_o,
      .axil_bresp_o, .axil_bvalid_o, .axil_bready_i,
      .axil_araddr_i, .axil_arvalid_i, .axil_arready_o, .axil_rdata_o, .axil_rresp_o, .axil_rvalid_o, .axil_rready_i,
      .cfg_valid_o(cfg_valid), .cfg_ready_i(cfg_ready), .cfg_addr_o(cfg_addr), .cfg_data_o(cfg_data),
      .active_bank_i(active_bank),
      .frame_valid_i(tvalid_i), .frame_ready_i(tready_o), .frame_last_i(tlast_i),
      .result_valid_i(out_valid_o), .result_ready_i(out_ready_i), .result_report_i(out_report_o),
      .result_over_budget_i(out_over_budget_o)
  );

endmodule
