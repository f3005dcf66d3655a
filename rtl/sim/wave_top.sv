// For waveforms only: the steering pipeline as it is, and beside it inputs that nothing reads. The simulation writes
// into them what the rest of the card does, so that it stands in the same file as the RTL's signals, on one time axis
// (docs/waveforms.md). Not for synthesis; holds no logic.
//
// A probe is an event as text (ASCII, zero when idle, one clock long), a count of such events, and values that stand
// until the next event. Queue numbers are virtqueue numbers (2n: receive queue n), but for steer and deliver: receive
// queues from 0. Tags number the packets of a run from 0.
module wave_top #(
    parameter int HeaderBytes   = 256,
    parameter int MaxExtensions = 4,
    parameter int Entries       = 512
) (
    input  logic                              clk_i,
    input  logic                              rst_ni,
    input  logic [511:0]                      tdata_i,
    input  logic [63:0]                       tkeep_i,
    input  logic                              tvalid_i,
    output logic                              tready_o,
    input  logic                              tlast_i,
    input  logic [15:0]                       tuser_i,
    input  logic                              cfg_valid_i,
    output logic                              cfg_ready_o,
    input  logic [rss_pkg::CFG_ADDR_BITS-1:0] cfg_addr_i,
    input  logic [31:0]                       cfg_data_i,
    output logic                              active_bank_o,
    output logic                              out_valid_o,
    input  logic                              out_ready_i,
    output logic [15:0]                       out_id_o,
    output logic [31:0]                       out_hash_o,
    output logic [3:0]                        out_report_o,
    output logic [15:0]                       out_queue_o,
    output logic                              out_bank_o,
    output logic                              out_over_budget_o,

    /* verilator lint_off UNUSEDSIGNAL */
    // receive path
    input  logic [63:0]                       ingress_event,   // "ingress"
    input  logic [31:0]                       ingress_count,
    input  logic [63:0]                       ingress_tag,
    input  logic [63:0]                       steer_event,     // "steer"
    input  logic [31:0]                       steer_count,
    input  logic [63:0]                       steer_tag,
    input  logic [15:0]                       steer_queue,
    input  logic [63:0]                       payload_event,   // "payload": header and frame are written
    input  logic [31:0]                       payload_count,
    input  logic [63:0]                       payload_tag,
    input  logic [15:0]                       payload_queue,
    input  logic [31:0]                       payload_bytes,
    input  logic [63:0]                       deliver_event,   // "deliver"
    input  logic [31:0]                       deliver_count,
    input  logic [63:0]                       deliver_tag,
    input  logic [15:0]                       deliver_queue,
    input  logic [127:0]                      drop_event,      // the reason
    input  logic [31:0]                       drop_count,
    input  logic [63:0]                       drop_tag,
    // descriptors and used ring
    input  logic [63:0]                       doorbell_event,  // "doorbell"
    input  logic [31:0]                       doorbell_count,
    input  logic [15:0]                       doorbell_queue,
    input  logic [63:0]                       fetch_event,     // "fetch": a read of the ring is asked for
    input  logic [31:0]                       fetch_count,
    input  logic [15:0]                       fetch_queue,
    input  logic [15:0]                       fetch_bytes,
    input  logic [63:0]                       fed_event,       // "fed": its bytes are in
    input  logic [31:0]                       fed_count,
    input  logic [15:0]                       fed_queue,
    input  logic [15:0]                       fed_ready,       // buffers at hand now
    input  logic [63:0]                       publish_event,   // "publish": used entries and index are written
    input  logic [31:0]                       publish_count,
    input  logic [15:0]                       publish_queue,
    input  logic [15:0]                       publish_buffers,
    input  logic [63:0]                       used_event,      // "used": the driver can see them
    input  logic [31:0]                       used_count,
    input  logic [15:0]                       used_queue,
    input  logic [15:0]                       used_buffers,
    // PCI Express
    input  logic [63:0]                       request_event,   // "MRd", "MWr": starts upstream
    input  logic [31:0]                       request_count,
    input  logic [63:0]                       request_purpose,
    input  logic [15:0]                       request_queue,
    input  logic [63:0]                       request_address,
    input  logic [31:0]                       request_bytes,
    input  logic [63:0]                       visible_event,   // "MWr": the write is in host memory
    input  logic [31:0]                       visible_count,
    input  logic [63:0]                       visible_purpose,
    input  logic [15:0]                       visible_queue,
    input  logic [63:0]                       visible_address,
    input  logic [31:0]                       visible_bytes,
    input  logic [63:0]                       completion_event,  // "CplD", or "error"
    input  logic [31:0]                       completion_count,
    input  logic [63:0]                       completion_purpose,
    input  logic [15:0]                       completion_queue,
    input  logic [63:0]                       completion_address,
    input  logic [31:0]                       completion_bytes,
    // interrupts, commands and status
    input  logic [63:0]                       vector_event,    // "MSI-X"
    input  logic [31:0]                       vector_count,
    input  logic [15:0]                       vector_number,
    input  logic                              inta,            // the level of INTA#, true when asserted
    input  logic [127:0]                      command_event,   // the command's name
    input  logic [31:0]                       command_count,
    input  logic [63:0]                       answer_event,    // "OK", "ERR"
    input  logic [31:0]                       answer_count,
    input  logic [127:0]                      status_event,    // the new bit's name, or "reset"
    input  logic [31:0]                       status_count,
    input  logic [7:0]                        device_status
    /* verilator lint_on UNUSEDSIGNAL */
);

  receive_steering #(
      .HeaderBytes(HeaderBytes), .MaxExtensions(MaxExtensions), .StartOffset(0), .Entries(Entries), .HashTables(0)
  ) u_pipeline (
      .clk_i,
      .rst_ni,
      .tdata_i,
      .tkeep_i,
      .tvalid_i,
      .tready_o,
      .tlast_i,
      .tuser_i,
      .start_offset_i('0),
      .cfg_valid_i,
      .cfg_ready_o,
      .cfg_addr_i,
      .cfg_data_i,
      .active_bank_o,
      .out_valid_o,
      .out_ready_i,
      .out_id_o,
      .out_hash_o,
      .out_report_o,
      .out_queue_o,
      .out_bank_o,
      .out_over_budget_o
  );

endmodule
