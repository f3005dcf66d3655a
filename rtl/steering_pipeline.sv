// Receive-side steering: header fields in, hash, hash report and receive queue out, in order, a packet a clock, six
// clocks from in to out. Stages: 1 field_select, 2-4 toeplitz_hash, 5 table read, 6 queue.
//
// Handshakes (valid and ready at an edge: transferred). While a result waits (out_valid_o, not out_ready_i) the whole
// pipeline stands still and in_ready_o is low; out_* are stable. in_ready_o depends on out_ready_i in the same clock.
// At an edge with rst_ni low nothing is transferred, on any side.
//
// Configuration: two banks. A packet is stamped at the input with the bank in force and uses it all the way. The
// configuration bus writes the other bank, the shadow; a write of CFG_COMMIT exchanges the two: a packet accepted at
// the same edge is the last one of the old bank. cfg_ready_o is low for shadow writes while packets of the shadow bank
// (from before a commit) are in the pipeline.
//
// Reset (synchronous): pipeline empty, bank 0 in force, no hash types in either bank, masks and unclassified queues 0.
// Contract with the model: an edge with an empty pipeline, in_valid_i and cfg_valid_i low changes no register.
module steering_pipeline #(
    parameter int Entries = 512  // indirection table entries of a bank: a power of two, 1 to 512
) (
    input  logic                              clk_i,
    input  logic                              rst_ni,
    // header fields of one packet; IPv4 addresses in the top 32 bits
    input  logic                              in_valid_i,
    output logic                              in_ready_o,
    input  logic [15:0]                       in_id_i,  // comes back with the result
    input  logic [1:0]                        in_network_i,
    input  logic [1:0]                        in_transport_i,
    input  logic                              in_extension_headers_i,
    input  logic [127:0]                      in_source_i,
    input  logic [127:0]                      in_destination_i,
    input  logic [127:0]                      in_ex_source_i,
    input  logic [127:0]                      in_ex_destination_i,
    input  logic [15:0]                       in_source_port_i,
    input  logic [15:0]                       in_destination_port_i,
    // configuration bus
    input  logic                              cfg_valid_i,
    output logic                              cfg_ready_o,
    input  logic [rss_pkg::CFG_ADDR_BITS-1:0] cfg_addr_i,
    input  logic [31:0]                       cfg_data_i,
    output logic                              active_bank_o,
    // results
    output logic                              out_valid_o,
    input  logic                              out_ready_i,
    output logic [15:0]                       out_id_o,
    output logic [31:0]                       out_hash_o,  // 0 with REPORT_NONE
    output logic [3:0]                        out_report_o,
    output logic [15:0]                       out_queue_o,
    output logic                              out_bank_o
);

  localparam int Stages = 6;

  // Stage n is bit n - 1. The bank bit of an empty stage is 0, so that an idle edge moves nothing.
  logic [Stages-1:0] valid_q, bank_q, load;
  logic active_q, advance;

  assign advance = out_ready_i | ~valid_q[Stages-1];
  assign load = {valid_q[Stages-2:0], in_valid_i} & {Stages{advance}};
  assign in_ready_o = advance;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= '0;
      bank_q <= '0;
    end else if (advance) begin
      valid_q <= {valid_q[Stages-2:0], in_valid_i};
      bank_q <= {bank_q[Stages-2:0], in_valid_i & active_q};
    end
  end

  // Configuration.
  logic commit, shadow_busy, cfg_write;
  assign commit = cfg_addr_i == rss_pkg::CFG_COMMIT;
  assign shadow_busy = |(valid_q & (bank_q ^ {Stages{active_q}}));
  assign cfg_ready_o = commit | ~shadow_busy;
  assign cfg_write = cfg_valid_i & cfg_ready_o & rst_ni;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) active_q <= 1'b0;
    else if (cfg_write & commit) active_q <= ~active_q;
  end
  assign active_bank_o = active_q;

  logic [rss_pkg::HASH_TYPES-1:0] types0, types1;
  logic ex_always0, ex_always1;
  logic [8:0] mask0, mask1;
  logic [15:0] unclassified0, unclassified1;
  logic [rss_pkg::KEY_BITS-1:0] key0, key1;

  config_bank u_bank0 (
      .clk_i,
      .rst_ni,
      .write_i(cfg_write & active_q),
      .addr_i(cfg_addr_i),
      .data_i(cfg_data_i),
      .types_o(types0),
      .ex_always_o(ex_always0),
      .mask_o(mask0),
      .unclassified_o(unclassified0),
      .key_o(key0)
  );

  config_bank u_bank1 (
      .clk_i,
      .rst_ni,
      .write_i(cfg_write & ~active_q),
      .addr_i(cfg_addr_i),
      .data_i(cfg_data_i),
      .types_o(types1),
      .ex_always_o(ex_always1),
      .mask_o(mask1),
      .unclassified_o(unclassified1),
      .key_o(key1)
  );

  // Stage 1.
  logic [3:0] report_q1;
  logic [rss_pkg::TUPLE_BITS-1:0] tuple_q1;

  field_select u_select (
      .clk_i,
      .load_i(load[0]),
      .types_i(active_q ? types1 : types0),
      .ex_always_i(active_q ? ex_always1 : ex_always0),
      .network_i(in_network_i),
      .transport_i(in_transport_i),
      .extension_headers_i(in_extension_headers_i),
      .source_i(in_source_i),
      .destination_i(in_destination_i),
      .ex_source_i(in_ex_source_i),
      .ex_destination_i(in_ex_destination_i),
      .source_port_i(in_source_port_i),
      .destination_port_i(in_destination_port_i),
      .report_o(report_q1),
      .tuple_o(tuple_q1)
  );

  // Stages 2 to 4.
  logic [31:0] hash_q4;

  toeplitz_hash u_hash (
      .clk_i,
      .load_i(load[3:1]),
      .key_i(bank_q[0] ? key1 : key0),
      .tuple_i(tuple_q1),
      .hash_o(hash_q4)
  );

  // Stages 5 and 6.
  logic [3:0] report_q5;

  indirection_table #(
      .Entries(Entries)
  ) u_table (
      .clk_i,
      .write_i(cfg_write & ~cfg_addr_i[8]),
      .write_bank_i(~active_q),
      .write_pair_i(cfg_addr_i[7:0]),
      .write_data_i(cfg_data_i),
      .load_i(load[5:4]),
      .bank_i(bank_q[3]),
      .hash_i(hash_q4[8:0]),
      .mask_i(bank_q[3] ? mask1 : mask0),
      .classified_i(report_q5 != rss_pkg::REPORT_NONE),
      .unclassified_i(bank_q[4] ? unclassified1 : unclassified0),
      .queue_o(out_queue_o)
  );

  // What travels beside them.
  logic [15:0] id_q1, id_q2, id_q3, id_q4, id_q5;
  logic [3:0] report_q2, report_q3, report_q4;
  logic [31:0] hash_q5;

  always_ff @(posedge clk_i) begin
    if (load[0]) id_q1 <= in_id_i;
    if (load[1]) {id_q2, report_q2} <= {id_q1, report_q1};
    if (load[2]) {id_q3, report_q3} <= {id_q2, report_q2};
    if (load[3]) {id_q4, report_q4} <= {id_q3, report_q3};
    if (load[4]) {id_q5, report_q5, hash_q5} <= {id_q4, report_q4, hash_q4};
    if (load[5]) {out_id_o, out_report_o, out_hash_o} <= {id_q5, report_q5, hash_q5};
  end

  assign out_valid_o = valid_q[Stages-1];
  assign out_bank_o = bank_q[Stages-1];

endmodule
