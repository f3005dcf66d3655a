// The register block of the steering pipeline: AXI4-Lite on one side, the pipeline's configuration bus and its two
// handshakes, which it watches, on the other. docs/registers.md has the registers and the rules of access; map, fields,
// what may be written and when come from rss_registers_pkg, which is made from registers.toml.
//
// Every access is answered within a few clocks, whatever the pipeline does: the configuration is staged here
// (staged_config) and goes to the pipeline by itself once it is committed. DataBits, HeaderBytes, MaxExtensions and
// StartOffset are shown to software and have no other effect. Reset (synchronous, active low): docs/registers.md.
module rss_registers #(
    parameter int Lanes         = 1,   // of receive_steering
    parameter int DataBits      = 512,
    parameter int HeaderBytes   = 256,
    parameter int MaxExtensions = 4,
    parameter int StartOffset   = 1,
    parameter int Entries       = 512, // of the pipeline's indirection table
    parameter int HashTables    = 0
) (
    input  logic                                       clk_i,
    input  logic                                       rst_ni,
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
    input  logic                                       axil_rready_i,
    // configuration bus of the pipeline
    output logic                                       cfg_valid_o,
    input  logic                                       cfg_ready_i,
    output logic [rss_pkg::CFG_ADDR_BITS-1:0]          cfg_addr_o,
    output logic [31:0]                                cfg_data_o,
    input  logic                                       active_bank_i,
    // the pipeline's handshakes
    input  logic [Lanes-1:0]                           frame_valid_i,
    input  logic [Lanes-1:0]                           frame_ready_i,
    input  logic [Lanes-1:0]                           frame_last_i,
    input  logic [Lanes-1:0]                           result_valid_i,
    input  logic                                       result_ready_i,
    input  logic [4*Lanes-1:0]                         result_report_i,
    input  logic [Lanes-1:0]                           result_over_budget_i
);

  localparam int WordBits = rss_registers_pkg::ADDRESS_BITS - 2;

  logic write, write_error, read, read_error;
  logic [WordBits-1:0] write_word, read_word;
  logic [31:0] write_data, config_data, traffic_data, own_data_q;
  logic [3:0] write_strobes;

  axil_port #(
      .AddressBits(rss_registers_pkg::ADDRESS_BITS)
  ) u_port (
      .clk_i, .rst_ni,
      .axil_awaddr_i, .axil_awvalid_i, .axil_awready_o, .axil_wdata_i, .axil_wstrb_i, .axil_wvalid_i, .axil_wready_o,
      .axil_bresp_o, .axil_bvalid_o, .axil_bready_i,
      .axil_araddr_i, .axil_arvalid_i, .axil_arready_o, .axil_rdata_o, .axil_rresp_o, .axil_rvalid_o, .axil_rready_i,
      .write_o(write), .write_word_o(write_word), .write_data_o(write_data), .write_strobes_o(write_strobes),
      .write_error_i(write_error),
      .read_o(read), .read_word_o(read_word), .read_error_i(read_error),
      .read_data_i(config_data | traffic_data | own_data_q)
  );

  // What is there, and what may be written now.
  localparam int Pairs = Entries < 2 ? 1 : Entries / 2;

  function automatic logic is_there(input logic [WordBits-1:0] word);
    is_there = rss_registers_pkg::is_register(word) &&
               !(word - rss_registers_pkg::TABLE[WordBits+1:2] < WordBits'(rss_registers_pkg::TABLE_COUNT) &&
                 word - rss_registers_pkg::TABLE[WordBits+1:2] >= WordBits'(Pairs));
  endfunction

  logic busy, accepted;
  assign write_error = !is_there(write_word) || !rss_registers_pkg::is_writable(write_word) || write_strobes != 4'hf ||
                       (busy && rss_registers_pkg::is_locked(write_word));
  assign read_error = !is_there(read_word);
  assign accepted = write & ~write_error;

  // Commands.
  logic commit, snapshot, clear, forgive;
  assign commit = accepted && write_word == rss_registers_pkg::COMMIT[WordBits+1:2] &&
                  write_data[rss_registers_pkg::COMMIT_START_LSB];
  assign snapshot = accepted && write_word == rss_registers_pkg::COUNTERS[WordBits+1:2] &&
                    write_data[rss_registers_pkg::COUNTERS_SNAPSHOT_LSB];
  assign clear = accepted && write_word == rss_registers_pkg::COUNTERS[WordBits+1:2] &&
                 write_data[rss_registers_pkg::COUNTERS_CLEAR_LSB];
  assign forgive = accepted && write_word == rss_registers_pkg::STATUS[WordBits+1:2] &&
                   write_data[rss_registers_pkg::STATUS_REFUSED_LSB];

  logic waiting, committed;

  staged_config #(
      .Entries(Entries)
  ) u_config (
      .clk_i, .rst_ni,
      .write_i(accepted), .write_word_i(write_word), .write_data_i(write_data),
      .read_i(read), .read_word_i(read_word), .read_data_o(config_data),
      .commit_i(commit), .busy_o(busy), .waiting_o(waiting), .committed_o(committed),
      .cfg_valid_o, .cfg_ready_i, .cfg_addr_o, .cfg_data_o
  );

  traffic_counters #(
      .Lanes(Lanes)
  ) u_traffic (
      .clk_i, .rst_ni,
      .frame_valid_i, .frame_ready_i, .frame_last_i,
      .result_valid_i, .result_ready_i, .result_report_i, .result_over_budget_i,
      .snapshot_i(snapshot), .clear_i(clear),
      .read_i(read), .read_word_i(read_word), .read_data_o(traffic_data)
  );

  // Registers of its own.
  logic refused_q;
  logic [rss_registers_pkg::COMMITS_VALUE_BITS-1:0] commits_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      refused_q <= 1'b0;
      commits_q <= '0;
    end else begin
      if ((write & write_error) | (read & read_error)) refused_q <= 1'b1;
      else if (forgive) refused_q <= 1'b0;
      if (committed) commits_q <= commits_q + 1'b1;
    end
  end

  logic [31:0] own_data;

  always_comb begin
    own_data = '0;
    case ({read_word, 2'b00})
      rss_registers_pkg::IDENTITY: begin
        own_data[rss_registers_pkg::IDENTITY_MAGIC_LSB+:rss_registers_pkg::IDENTITY_MAGIC_BITS] =
            rss_registers_pkg::IDENTITY_MAGIC_VALUE;
      end
      rss_registers_pkg::VERSION: begin
        own_data[rss_registers_pkg::VERSION_MAJOR_LSB+:rss_registers_pkg::VERSION_MAJOR_BITS] =
            rss_registers_pkg::VERSION_MAJOR_VALUE;
        own_data[rss_registers_pkg::VERSION_MINOR_LSB+:rss_registers_pkg::VERSION_MINOR_BITS] =
            rss_registers_pkg::VERSION_MINOR_VALUE;
      end
      rss_registers_pkg::STREAM: begin
        own_data[rss_registers_pkg::STREAM_DATA_BITS_LSB+:rss_registers_pkg::STREAM_DATA_BITS_BITS] =
            rss_registers_pkg::STREAM_DATA_BITS_BITS'(DataBits);
        own_data[rss_registers_pkg::STREAM_HEADER_BYTES_LSB+:rss_registers_pkg::STREAM_HEADER_BYTES_BITS] =
            rss_registers_pkg::STREAM_HEADER_BYTES_BITS'(HeaderBytes);
      end
      rss_registers_pkg::LIMITS: begin
        own_data[rss_registers_pkg::LIMITS_TABLE_ENTRIES_LSB+:rss_registers_pkg::LIMITS_TABLE_ENTRIES_BITS] =
            rss_registers_pkg::LIMITS_TABLE_ENTRIES_BITS'(Entries);
        own_data[rss_registers_pkg::LIMITS_MAX_EXTENSIONS_LSB+:rss_registers_pkg::LIMITS_MAX_EXTENSIONS_BITS] =
            rss_registers_pkg::LIMITS_MAX_EXTENSIONS_BITS'(MaxExtensions);
        own_data[rss_registers_pkg::LIMITS_START_OFFSET_LSB] = StartOffset != 0;
        own_data[rss_registers_pkg::LIMITS_LANES_LSB+:rss_registers_pkg::LIMITS_LANES_BITS] =
            rss_registers_pkg::LIMITS_LANES_BITS'(Lanes);
      end
      rss_registers_pkg::HASHING: begin
        own_data[rss_registers_pkg::HASHING_TYPES_LSB+:rss_registers_pkg::HASHING_TYPES_BITS] =
            rss_registers_pkg::HASHING_TYPES_VALUE;
        own_data[rss_registers_pkg::HASHING_KEY_BYTES_LSB+:rss_registers_pkg::HASHING_KEY_BYTES_BITS] =
            rss_registers_pkg::HASHING_KEY_BYTES_VALUE;
        own_data[rss_registers_pkg::HASHING_FORM_LSB+:rss_registers_pkg::HASHING_FORM_BITS] =
            rss_registers_pkg::HASHING_FORM_BITS'(HashTables);
      end
      rss_registers_pkg::STATUS: begin
        own_data[rss_registers_pkg::STATUS_BUSY_LSB] = busy;
        own_data[rss_registers_pkg::STATUS_WAITING_LSB] = waiting;
        own_data[rss_registers_pkg::STATUS_BANK_LSB] = active_bank_i;
        own_data[rss_registers_pkg::STATUS_REFUSED_LSB] = refused_q;
      end
      rss_registers_pkg::COMMITS: begin
        own_data[rss_registers_pkg::COMMITS_VALUE_LSB+:rss_registers_pkg::COMMITS_VALUE_BITS] = commits_q;
      end
      default: own_data = '0;
    endcase
  end

  always_ff @(posedge clk_i) own_data_q <= read ? own_data : '0;

endmodule
