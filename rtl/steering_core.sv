// Receive-side steering behind a parser: header fields of a packet in, hash, hash report and receive queue out, in
// order. A packet a clock, and nothing waits: the result is out_valid_o's, for one clock, a constant time after
// soon_valid_i, which is high for one clock a packet. The fields that decide which hash a packet gets come in that
// clock, the others a clock later, so that no stage has much to do.
//
// Stages: 1, 2 field_select; the hash: HashTables 0 is toeplitz_hash (3 stages), 1 toeplitz_table_hash (4 stages; a
// tenth of the logic, 36 block RAMs); 2 for the indirection_table, 3 beyond 512 entries. Together 7 to 9 clocks.
//
// Configuration: two banks, map in rss_pkg. A packet uses the bank in force when its soon_valid_i is taken. The bus
// writes the other bank, the shadow; CFG_COMMIT exchanges them: a packet taken at the same edge is the last of the old
// bank. cfg_ready_o is low for shadow writes while packets of the shadow bank are on their way. With HashTables 1 a
// COMMIT that is offered starts the work of the shadow's key into the tables and is taken when that is done, 9219
// clocks later; it must stay until then, and packets go on under the old bank. A word is taken at an edge with
// cfg_valid_i, cfg_ready_o and cfg_go_i: cores that share a bus take their words together (cfg_go_i: all of them are
// ready).
//
// Reset (synchronous): empty, bank 0 in force, no hash types in either bank, masks and unclassified queues 0 (with HoldIdle
// 0 these with the first edge behind it, so that a packet comes no sooner than with the second).
// Contract with the model: an edge without packets on their way, soon_valid_i and cfg_valid_i, and without a word other
// than COMMIT taken at the edge before, changes no register (with HoldIdle 1).
module steering_core #(
    parameter int Entries    = 512,  // indirection table entries of a bank: a power of two, 1 to 32768
    parameter int HashTables = 0,
    parameter int HoldIdle   = 1,    // see frame_parser
    parameter int IdBits     = 16
) (
    input  logic                              clk_i,
    input  logic                              rst_ni,
    input  logic                              soon_valid_i,
    input  logic [1:0]                        soon_network_i,
    input  logic [1:0]                        soon_transport_i,
    input  logic                              soon_extension_headers_i,
    // the same packet a clock later; IPv4 addresses in the top 32 bits
    input  logic [IdBits-1:0]                 in_id_i,  // comes back with the result
    input  logic [127:0]                      in_source_i,
    input  logic [127:0]                      in_destination_i,
    input  logic [127:0]                      in_ex_source_i,
    input  logic [127:0]                      in_ex_destination_i,
    input  logic [15:0]                       in_source_port_i,
    input  logic [15:0]                       in_destination_port_i,
    // configuration bus
    input  logic                              cfg_valid_i,
    output logic                              cfg_ready_o,
    input  logic                              cfg_go_i,  // 1 of a core alone
    input  logic [rss_pkg::CFG_ADDR_BITS-1:0] cfg_addr_i,
    input  logic [31:0]                       cfg_data_i,
    output logic                              active_bank_o,
    // results
    output logic                              out_valid_o,
    output logic [IdBits-1:0]                 out_id_o,
    output logic [31:0]                       out_hash_o,  // 0 with REPORT_NONE
    output logic [3:0]                        out_report_o,
    output logic [15:0]                       out_queue_o,
    output logic                              out_bank_o
);

  // Elaboration stops here for illegal parameters: there are no such modules, and their names are the message.
  if (IdBits < 1) begin : g_illegal_id
    steering_core_id_bits_must_be_1_or_more illegal ();
  end
  if (HashTables != 0 && HashTables != 1) begin : g_illegal_hash
    steering_core_hash_tables_must_be_0_or_1 illegal ();
  end
  if (HoldIdle != 0 && HoldIdle != 1) begin : g_illegal_hold
    steering_core_hold_idle_must_be_0_or_1 illegal ();
  end

  localparam int HashStages = HashTables != 0 ? 4 : 3;
  localparam int Hashed = 2 + HashStages;  // the stage of the hash
  localparam int TableStages = Entries > 512 ? 3 : 2;
  localparam int Stages = Hashed + TableStages;

  // Stage n is bit n - 1. The bank bit of an empty stage is 0, so that an idle edge moves nothing.
  logic [Stages-1:0] valid_q, bank_q, valid, bank, load;
  logic active_q, exchange, shadow_busy;
  logic [1:0] busy_q;  // packets of the bank are on their way

  assign valid = {valid_q[Stages-2:0], soon_valid_i};
  assign bank = {bank_q[Stages-2:0], soon_valid_i & active_q};
  assign load = HoldIdle != 0 ? valid : {Stages{1'b1}};
  assign shadow_busy = active_q ? busy_q[0] : busy_q[1];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= '0;
      bank_q <= '0;
      active_q <= 1'b0;
      busy_q <= 2'd0;
    end else begin
      valid_q <= valid;
      bank_q <= bank;
      active_q <= active_q ^ exchange;
      // Of the stages as they will be: cfg_ready_o comes early in its clock.
      busy_q <= {bank != '0, (valid ^ bank) != '0};
    end
  end

  // Configuration. A word is written a clock after it was taken: the way to so many registers is long. A COMMIT acts at
  // once; what is written at its edge is in force with it. Which words are written is known early: at addresses with
  // bits 3 and 2, as COMMIT's, there are none but the table's.
  logic commit, key_ready, table_write_q;
  logic [1:0] bank_write_q;
  logic [31:0] write_data_q;

  assign commit = cfg_addr_i == rss_pkg::CFG_COMMIT;
  assign cfg_ready_o = commit ? key_ready : ~shadow_busy;
  assign exchange = cfg_valid_i & commit & key_ready & cfg_go_i;
  assign active_bank_o = active_q;

  always_ff @(posedge clk_i) begin
    table_write_q <= 1'b0;
    bank_write_q <= 2'd0;
    if (rst_ni & cfg_valid_i & cfg_go_i & ~shadow_busy) begin
      if (!cfg_addr_i[rss_pkg::PAIR_BITS]) table_write_q <= 1'b1;
      else if (cfg_addr_i[3:2] != 2'd3) bank_write_q <= {~active_q, active_q};
    end
    if (cfg_valid_i) write_data_q <= cfg_data_i;
  end

  logic [report_pkg::RULES_BITS-1:0] rules0, rules1;
  logic [rss_pkg::INDEX_BITS-1:0] mask0, mask1;
  logic [15:0] unclassified0, unclassified1;
  logic [rss_pkg::KEY_BITS-1:0] key0, key1;

  // Without HoldIdle banks and tables are reset a clock late, so that one net need not reach all that is reset; a word is
  // not written sooner.
  logic late_rst_n;
  if (HoldIdle != 0) begin : g_reset_at_once
    assign late_rst_n = rst_ni;
  end else begin : g_reset_late
    logic rst_nq;
    always_ff @(posedge clk_i) rst_nq <= rst_ni;
    assign late_rst_n = rst_nq;
  end

  config_bank u_bank0 (
      .clk_i, .rst_ni(late_rst_n), .select_i(cfg_valid_i), .addr_i(cfg_addr_i), .write_i(bank_write_q[0]), .data_i(write_data_q),
      .rules_o(rules0), .mask_o(mask0), .unclassified_o(unclassified0), .key_o(key0)
  );

  config_bank u_bank1 (
      .clk_i, .rst_ni(late_rst_n), .select_i(cfg_valid_i), .addr_i(cfg_addr_i), .write_i(bank_write_q[1]), .data_i(write_data_q),
      .rules_o(rules1), .mask_o(mask1), .unclassified_o(unclassified1), .key_o(key1)
  );

  // Stages 1 and 2.
  logic [3:0] report;
  logic [rss_pkg::TUPLE_BITS-1:0] tuple;

  field_select u_select (
      .clk_i, .load_i(load[1:0]),
      .rules0_i(rules0), .rules1_i(rules1), .bank_i(active_q), .network_i(soon_network_i), .transport_i(soon_transport_i),
      .extension_headers_i(soon_extension_headers_i),
      .source_i(in_source_i), .destination_i(in_destination_i),
      .ex_source_i(in_ex_source_i), .ex_destination_i(in_ex_destination_i),
      .source_port_i(in_source_port_i), .destination_port_i(in_destination_port_i),
      .report_o(report), .tuple_o(tuple)
  );

  // Stages 3 to Hashed.
  logic [31:0] hash;

  if (HashTables != 0) begin : g_tables
    // The shadow's tables are written while a COMMIT waits, and are those of the bank in force once it is taken. That
    // begins when no packet of the shadow is on its way; no other comes before the COMMIT is taken.
    logic offered_q, start_q, idle;
    logic tables_bank;  // as active_q, but for the last clock of a COMMIT, in which no key is read
    assign key_ready = offered_q & idle & ~start_q;

    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        offered_q <= 1'b0;
        start_q <= 1'b0;
      end else begin
        start_q <= cfg_valid_i & commit & ~offered_q & ~shadow_busy;
        if (cfg_valid_i & commit) offered_q <= (offered_q | ~shadow_busy) & ~(key_ready & cfg_go_i);
      end
    end

    toeplitz_table_hash u_hash (
        .clk_i, .rst_ni(late_rst_n), .key_valid_i(start_q), .key_ready_o(idle),
        .key_i(tables_bank ? key0 : key1), .bank_o(tables_bank),
        .load_i(load[Hashed-1:2]), .bank_i(bank_q[1]), .tuple_i(tuple), .hash_o(hash)
    );
  end else begin : g_direct
    assign key_ready = 1'b1;
    toeplitz_hash u_hash (
        .clk_i, .load_i(load[Hashed-1:2]), .key_i(bank_q[1] ? key1 : key0), .tuple_i(tuple), .hash_o(hash)
    );
  end

  // The table's stages. What the last of them needs of the bank and the report is made ready in the one before.
  logic [3:0] report_looked;
  logic [rss_pkg::INDEX_BITS-1:0] mask_q;
  logic [15:0] unclassified_q;
  logic hashed_q;

  indirection_table #(
      .Entries(Entries)
  ) u_table (
      .clk_i,
      .select_i(cfg_valid_i),
      .write_bank_i(~active_q),
      .write_pair_i(cfg_addr_i[rss_pkg::PAIR_BITS-1:0]),
      .write_i(table_write_q),
      .write_data_i(write_data_q),
      .load_i(load[Stages-1:Hashed]),
      .bank_i(bank_q[Hashed-1]),
      .hash_i(hash[rss_pkg::INDEX_BITS-1:0]),
      .mask_i(mask_q),
      .classified_i(hashed_q),
      .unclassified_i(unclassified_q),
      .queue_o(out_queue_o)
  );

  always_ff @(posedge clk_i) begin
    if (load[Hashed-1]) mask_q <= bank_q[Hashed-2] ? mask1 : mask0;
    if (load[Stages-2]) begin
      unclassified_q <= bank_q[Stages-3] ? unclassified1 : unclassified0;
      hashed_q <= report_looked != rss_pkg::REPORT_NONE;
    end
  end

  // What travels beside. The report is looked at two stages before the end.
  logic [IdBits-1:0] id_q, id_looked;
  always_ff @(posedge clk_i) if (load[1]) id_q <= in_id_i;

  beat_delay #(
      .Bits(IdBits + 4), .Stages(Stages - 4)
  ) u_beside (
      .clk_i, .load_i(load[Stages-2:2]), .bits_i({id_q, report}), .bits_o({id_looked, report_looked})
  );

  beat_delay #(
      .Bits(IdBits + 4), .Stages(2)
  ) u_last (
      .clk_i, .load_i({out_valid_o, load[Stages-1:Stages-2]}), .bits_i({id_looked, report_looked}),
      .bits_o({out_id_o, out_report_o})
  );

  logic [31:0] hash_looked;

  beat_delay #(
      .Bits(32), .Stages(TableStages - 1)
  ) u_hashed (
      .clk_i, .load_i(load[Stages-1:Hashed]), .bits_i(hash), .bits_o(hash_looked)
  );

  // Nothing to be hashed is hashed to 0, but by tables that no key has been worked into yet.
  always_ff @(posedge clk_i) if (load[Stages-1]) out_hash_o <= HashTables != 0 && !hashed_q ? 32'd0 : hash_looked;

  assign out_valid_o = valid_q[Stages-1];
  assign out_bank_o = bank_q[Stages-1];

endmodule
