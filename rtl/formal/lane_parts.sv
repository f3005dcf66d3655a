// What steering_lane relies on of frame_parser and steering_core, in their place in proofs of what is around them: a
// result for each frame, in order, as itself (parser_control, steering_control). Its time is arbitrary, and more so than
// that of the real ones: with start_offset_i[1] a frame is settled before its last beat, and the oldest settled one goes
// on at an edge with start_offset_i[0], at one a clock at the earliest. Of its id, a bit stands for all.
module frame_parser #(
    parameter int DataBits      = 512,
    parameter int HeaderBytes   = 256,
    parameter int MaxExtensions = 4,
    parameter int IdBits        = 16,
    parameter int StartOffset   = 1,
    parameter int HoldIdle      = 1
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic [DataBits-1:0]   tdata_i,
    input  logic [DataBits/8-1:0] tkeep_i,
    input  logic                  tvalid_i,
    input  logic                  tlast_i,
    input  logic [IdBits-1:0]     tuser_i,
    input  logic [9:0]            start_offset_i,
    output logic                  soon_valid_o,
    output logic [1:0]            soon_network_o,
    output logic [1:0]            soon_transport_o,
    output logic                  soon_extension_headers_o,
    output logic                  out_valid_o,
    output logic [IdBits-1:0]     out_id_o,
    output logic [1:0]            out_network_o,
    output logic [1:0]            out_transport_o,
    output logic                  out_extension_headers_o,
    output logic [127:0]          out_source_o,
    output logic [127:0]          out_destination_o,
    output logic [127:0]          out_ex_source_o,
    output logic [127:0]          out_ex_destination_o,
    output logic [15:0]           out_source_port_o,
    output logic [15:0]           out_destination_port_o,
    output logic                  out_over_budget_o
);

  localparam int Most = 2;  // frames that are settled and have not gone on

  logic fresh_q, done_q, id_q, id, settles, id_out_q;
  logic [Most-1:0] valid_q, ids_q, valid, ids;  // the oldest in bit 0
  assign id = fresh_q ? tuser_i[0] : id_q;
  assign settles = tvalid_i & (fresh_q | ~done_q) & (tlast_i | start_offset_i[1]);
  assign soon_valid_o = valid_q[0] & start_offset_i[0];
  assign valid = soon_valid_o ? valid_q >> 1 : valid_q;
  assign ids = soon_valid_o ? ids_q >> 1 : ids_q;

  always_ff @(posedge clk_i) begin : settle
    integer n;
    if (!rst_ni) begin
      fresh_q <= 1'b1;
      valid_q <= '0;
      out_valid_o <= 1'b0;
    end else begin
      if (tvalid_i) fresh_q <= tlast_i;
      valid_q <= settles ? {valid[Most-2:0], 1'b1} : valid;
      out_valid_o <= soon_valid_o;
    end
    if (tvalid_i) begin
      id_q <= id;
      done_q <= settles | (done_q & ~fresh_q);
    end
    if (soon_valid_o) id_out_q <= ids_q[0];
    for (n = 0; n < Most; n = n + 1) begin
      if (settles && !valid[n] && (n == 0 || valid[n-1])) ids_q[n] <= id;
      else if (soon_valid_o) ids_q[n] <= ids[n];
    end
  end

  assign out_id_o = {IdBits{id_out_q}};

endmodule

module steering_core #(
    parameter int Entries    = 512,
    parameter int HashTables = 0,
    parameter int HoldIdle   = 1,
    parameter int IdBits     = 16
) (
    input  logic                              clk_i,
    input  logic                              rst_ni,
    input  logic                              soon_valid_i,
    input  logic [1:0]                        soon_network_i,
    input  logic [1:0]                        soon_transport_i,
    input  logic                              soon_extension_headers_i,
    input  logic [IdBits-1:0]                 in_id_i,
    input  logic [127:0]                      in_source_i,
    input  logic [127:0]                      in_destination_i,
    input  logic [127:0]                      in_ex_source_i,
    input  logic [127:0]                      in_ex_destination_i,
    input  logic [15:0]                       in_source_port_i,
    input  logic [15:0]                       in_destination_port_i,
    input  logic                              cfg_valid_i,
    output logic                              cfg_ready_o,
    input  logic                              cfg_go_i,
    input  logic [rss_pkg::CFG_ADDR_BITS-1:0] cfg_addr_i,
    input  logic [31:0]                       cfg_data_i,
    output logic                              active_bank_o,
    output logic                              out_valid_o,
    output logic [IdBits-1:0]                 out_id_o,
    output logic [31:0]                       out_hash_o,
    output logic [3:0]                        out_report_o,
    output logic [15:0]                       out_queue_o,
    output logic                              out_bank_o
);

  logic valid_q, id_q;

  always_ff @(posedge clk_i) begin
    valid_q <= rst_ni & soon_valid_i;
    out_valid_o <= rst_ni & valid_q;
    if (valid_q) id_q <= in_id_i[0];
  end

  assign out_id_o = {IdBits{id_q}};

endmodule
