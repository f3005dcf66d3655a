// Ethernet frames in, the header fields of receive-side steering out: one result a frame, in order, a beat in every
// clock without a bubble. Two VLAN tags, IPv4 with options, IPv6 with extension headers, type 2 routing and home
// addresses, TCP and UDP; damaged and cut frames as docs/hashing.md has them. It does not look at lengths in IP
// headers, checksums, or into tunnels (but see start_offset_i).
//
// Stream: AXI4-Stream, the frame's first byte in tdata_i[7:0]. tkeep_i: all ones but in the last beat, there from bit 0
// up; only a frame of one beat may have no bytes at all. tuser_i and start_offset_i count with the first beat.
//
// Budget. What is read of a frame ends HeaderBytes after its start, and with the MaxExtensions-th extension header. A
// frame whose extension headers, or the fixed part of the TCP or UDP header behind them, reach beyond HeaderBytes and
// that goes on there itself is given as one with NETWORK_NONE and out_over_budget_o; so is one that has another
// extension header behind MaxExtensions whole ones. IPv4 headers always fit. Home addresses are found behind any number
// of options.
//
// Latency: 2 * MaxExtensions + 5 clocks from the edge that took the beat which settles the frame (the first that
// completes the headers, ends the frame or ends the budget); two more with StartOffset. Beats narrower than 512 bits
// are packed to 512 first, for another one. A frame with destination options that have room for a home address (24
// bytes or more) is searched, which takes longer, counted from its last beat or the budget's last; frames behind wait
// for it, so that results come in order. The search keeps up with a beat a clock, so that there is a bound on the beats
// that wait (rtl/README.md). A beat is taken at every edge with tvalid_i, and out_valid_o is high for one clock a
// result. Who cannot take results at any time counts credits, as receive_steering does. At an edge with rst_ni low
// nothing is taken; a frame cut in two by a reset goes on as a new frame. Contract with the model: an edge with tvalid_i
// low and no beat or result on its way (a frame that waits for its next beat is none) changes no register, if HoldIdle
// is 1 and no reset is on its way as a beat would be.
module frame_parser #(
    parameter int DataBits      = 512,  // 128, 256, 512 or 1024
    parameter int HeaderBytes   = 256,  // 256, 512 or 1024
    parameter int MaxExtensions = 4,    // 4 to 16
    parameter int IdBits        = 16,
    parameter int StartOffset   = 1,    // 0: frames begin at their first byte, start_offset_i is ignored
    // 0: registers of data load in every clock, whatever it is; no clock enables, for a higher clock. The contract with
    // the model is then void.
    parameter int HoldIdle      = 1
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    // frames
    input  logic [DataBits-1:0]   tdata_i,
    input  logic [DataBits/8-1:0] tkeep_i,
    input  logic                  tvalid_i,
    input  logic                  tlast_i,
    input  logic [IdBits-1:0]     tuser_i,         // comes back with the result
    input  logic [9:0]            start_offset_i,  // bytes before the Ethernet header that is parsed
    // a clock ahead of the result: those of its fields that decide which of the others are hashed
    output logic                  soon_valid_o,
    output logic [1:0]            soon_network_o,
    output logic [1:0]            soon_transport_o,
    output logic                  soon_extension_headers_o,
    // header fields, as steering_core takes them; behind a network of NETWORK_NONE the rest means nothing, and without
    // a transport header the ports
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

  // Elaboration stops here for illegal parameters: there are no such modules, and their names are the message.
  if (DataBits != 128 && DataBits != 256 && DataBits != 512 && DataBits != 1024) begin : g_illegal_width
    frame_parser_data_bits_must_be_128_256_512_or_1024 illegal ();
  end
  if (HeaderBytes != 256 && HeaderBytes != 512 && HeaderBytes != 1024) begin : g_illegal_budget
    frame_parser_header_bytes_must_be_256_512_or_1024 illegal ();
  end
  if (MaxExtensions < 4 || MaxExtensions > 16) begin : g_illegal_extensions
    frame_parser_max_extensions_must_be_4_to_16 illegal ();
  end
  if (IdBits < 1) begin : g_illegal_id
    frame_parser_id_bits_must_be_1_or_more illegal ();
  end
  if (StartOffset != 0 && StartOffset != 1) begin : g_illegal_offset
    frame_parser_start_offset_must_be_0_or_1 illegal ();
  end
  if (HoldIdle != 0 && HoldIdle != 1) begin : g_illegal_hold
    frame_parser_hold_idle_must_be_0_or_1 illegal ();
  end

  localparam int BeatBits = DataBits < 512 ? 512 : DataBits;
  localparam int BeatBytes = BeatBits / 8;
  localparam int Words = BeatBytes / 4;
  localparam int WordBits = $clog2(Words);
  localparam int BudgetBeats = HeaderBytes / BeatBytes;
  localparam int PointerBits = $clog2(HeaderBytes / 4) + 1;
  localparam int StartBits = 10;

  // Stages: 0 the beat's words, 1 IP header and the first hop, then two a hop up to Walked; bit n of valid_q is stage
  // n, a beat enters it at an edge with enters[n], and registers of data load at one with load[n]. Then beats wait for
  // home addresses, where need be, in the order in which they came; from where they leave (leave) bit n of left_q is n
  // + 1 clocks later: settled with bit 1, and the output.
  localparam int Walked = 2 * MaxExtensions - 1;
  // Of beats that have not left, which are 2 * MaxExtensions + HeaderBytes / 4 - 17 at most: a beat a clock comes in, and
  // a search waits no longer than for the rounds that those in front of it still have to go. One place more is needed.
  localparam int Places = MaxExtensions > 8 ? HeaderBytes / 2 : HeaderBytes / 4;
  localparam int AtBits = $clog2(Places);
  localparam int JobBits = AtBits;  // a job is of a beat that has not left

  // The beat at the input, packed and moved to its start.
  logic packed_valid, packed_first, packed_last;
  logic [BeatBits-1:0] packed_data;
  logic [BeatBytes-1:0] packed_keep;
  logic [IdBits-1:0] packed_id;
  logic [StartBits-1:0] packed_start;

  beat_input #(
      .DataBits(DataBits), .BeatBits(BeatBits), .IdBits(IdBits), .StartBits(StartBits)
  ) u_input (
      .clk_i, .rst_ni,
      .tvalid_i, .tdata_i, .tkeep_i, .tlast_i, .tuser_i, .start_i(start_offset_i),
      .valid_o(packed_valid), .first_o(packed_first), .last_o(packed_last), .data_o(packed_data),
      .keep_o(packed_keep), .id_o(packed_id), .start_o(packed_start)
  );

  logic beat_valid, beat_first, beat_last;
  logic [BeatBits-1:0] beat_data;
  logic [BeatBytes-1:0] beat_keep;
  logic [IdBits-1:0] beat_id;

  if (StartOffset != 0) begin : g_align
    frame_align #(
        .BeatBytes(BeatBytes), .IdBits(IdBits), .StartBits(StartBits)
    ) u_align (
        .clk_i, .rst_ni,
        .valid_i(packed_valid), .first_i(packed_first), .last_i(packed_last), .data_i(packed_data),
        .keep_i(packed_keep), .id_i(packed_id), .start_i(packed_start),
        .valid_o(beat_valid), .first_o(beat_first), .last_o(beat_last), .data_o(beat_data), .keep_o(beat_keep),
        .id_o(beat_id)
    );
  end else begin : g_from_first_byte
    assign beat_valid = packed_valid;
    assign beat_first = packed_first;
    assign beat_last = packed_last;
    assign beat_data = packed_data;
    assign beat_keep = packed_keep;
    assign beat_id = packed_id;
    /* verilator lint_off UNUSEDSIGNAL */
    logic unused_start;
    /* verilator lint_on UNUSEDSIGNAL */
    assign unused_start = ^packed_start;
  end

  // Which of its frame's beats this is: one bit, or none behind the budget, where beats end.
  logic [BudgetBeats-1:0] beat_number, beat_number_q;
  logic settle, leave;
  logic [Walked:0] valid_q;
  logic [2:0] enters, load;
  logic [2:0] left_q, load_left;

  // What travels beside the walk, stage 1 in the lowest bits: one vector, so that one shift moves all stages; 0 in
  // those without a beat.
  localparam int BesideWalkBits = (WordBits + 1) + 1 + 1 + 2;
  logic [BesideWalkBits*Walked-1:0] beside_walk_q;
  logic [Walked:1] firsts /* verilator split_var */, extendeds /* verilator split_var */;
  logic first0, last0, extended0, last;
  logic [1:0] network0;
  logic [WordBits:0] words0;

  for (genvar n = 1; n <= Walked; n = n + 1) begin : g_beside
    assign firsts[n] = beside_walk_q[BesideWalkBits*(n-1)+2];
    assign extendeds[n] = beside_walk_q[BesideWalkBits*(n-1)+:2] == parser_pkg::NETWORK_EXTENDED;
  end
  assign last = beside_walk_q[BesideWalkBits*(Walked-1)+3];

  // Without HoldIdle the places of beats and what waits are reset a clock late, and the search three, so that one net need
  // not reach all that is reset: no beat gets there, and no job, so soon.
  logic late_rst_n, search_rst_n;
  if (HoldIdle != 0) begin : g_reset_at_once
    assign late_rst_n = rst_ni;
    assign search_rst_n = rst_ni;
  end else begin : g_reset_late
    logic [2:0] rst_nq;
    always_ff @(posedge clk_i) rst_nq <= {rst_nq[1:0], rst_ni};
    assign late_rst_n = rst_nq[0];
    assign search_rst_n = rst_nq[2];
  end

  assign beat_number = beat_first ? BudgetBeats'(1) : beat_number_q << 1;
  assign enters = {valid_q[1:0], beat_valid & beat_number != '0};
  assign load = HoldIdle != 0 ? enters : 3'b111;
  assign load_left = HoldIdle != 0 ? left_q : {3{1'b1}};
  assign soon_valid_o = left_q[2];

  always_ff @(posedge clk_i) begin
    if (beat_valid) beat_number_q <= beat_number;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= '0;
      beside_walk_q <= '0;
      left_q <= '0;
      out_valid_o <= 1'b0;
    end else begin
      valid_q <= {valid_q[Walked-1:0], enters[0]};
      beside_walk_q <= {beside_walk_q[BesideWalkBits*(Walked-1)-1:0],
                        enters[1] ? {words0, last0, first0, network0} : {BesideWalkBits{1'b0}}};
      left_q <= {left_q[1] & settle, left_q[0], leave & late_rst_n};
      out_valid_o <= left_q[2];
    end
  end

  // Stages 0 and 1.
  logic [BeatBits-1:0] data0;
  logic [15:0] before0;
  logic [BeatBits+15:0] beat0;
  logic [BeatBytes-1:0] kept0;
  logic [1:0] tags0;
  logic [2:0] ipv4_0;
  logic [14:0] end4_0;
  logic [8:0] kind4_0, kind6_0;
  logic [95:0] behind0;
  logic [IdBits-1:0] id0;

  link_decode #(
      .BeatBytes(BeatBytes), .PointerBits(PointerBits), .IdBits(IdBits), .HoldIdle(HoldIdle)
  ) u_link (
      .clk_i, .load_i(load[0]), .valid_i(enters[0]),
      .first_i(beat_first), .last_i(beat_last), .data_i(beat_data), .keep_i(beat_keep), .id_i(beat_id),
      .kept_o(kept0), .data_o(data0), .before_o(before0), .beat_o(beat0), .words_o(words0),
      .first_o(first0), .last_o(last0), .network_o(network0), .id_o(id0),
      .tags_o(tags0), .ipv4_o(ipv4_0), .end4_o(end4_0), .kind4_o(kind4_0),
      .kind6_o(kind6_0), .behind_o(behind0)
  );

  assign extended0 = network0 == parser_pkg::NETWORK_EXTENDED;

  // The beats wait in a memory for the stage that picks from them, with what else only that stage needs; the walk needs
  // no more than extension_words gives.
  localparam int BesideBits = 16 + IdBits + 2 + 2;
  localparam int DeepBits = 9;  // as deep as a block RAM is anyway; simulates faster, since the address is no C++ char
  (* no_rw_check *) logic [BeatBits-1:0] beats_q [2**DeepBits];
  (* no_rw_check, ram_style = "distributed" *) logic [BesideBits-1:0] beside_q [Places];
  logic [BesideBits-1:0] beside1;
  logic [AtBits-1:0] beat_at_q, beside_at_q;
  // The places of the beats are counted for themselves, from another one on, lest synthesis should make one counter of
  // two: the two memories are far from each other.
  localparam logic [AtBits-1:0] FirstAt = 1;
  logic [AtBits-1:0] deep_at_q, deep_read_at_q;

  // The beat is known a clock before the rest.
  always_ff @(posedge clk_i) begin
    if (load[1]) begin
      beats_q[DeepBits'(deep_at_q)] <= data0;
      beside_at_q <= beat_at_q;
      beside1 <= {before0, id0, tags0, network0};
    end
    if (load[2]) beside_q[beside_at_q] <= beside1;
  end

  always_ff @(posedge clk_i) begin
    if (!late_rst_n) begin
      beat_at_q <= '0;
      deep_at_q <= FirstAt;
    end else if (enters[1]) begin
      beat_at_q <= beat_at_q + 1'b1;
      deep_at_q <= deep_at_q + 1'b1;
    end
  end

  // Stages 1 to Walked: hops. Slice n of these is behind hop n, in stage 2 * n + 1.
  /* verilator lint_off UNUSEDSIGNAL */  // nobody is behind the last hop
  logic [MaxExtensions*BeatBits-1:0] ext_words /* verilator split_var */;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [MaxExtensions-1:0] walk /* verilator split_var */, routing /* verilator split_var */;
  logic [MaxExtensions-1:0] has_starts /* verilator split_var */;
  logic [MaxExtensions-1:0] found_routing /* verilator split_var */, found_options /* verilator split_var */;
  logic [MaxExtensions*WordBits-1:0] found_at /* verilator split_var */;
  logic [MaxExtensions*PointerBits-1:0] pointer /* verilator split_var */;
  logic [MaxExtensions*3-1:0] kind /* verilator split_var */;
  logic [MaxExtensions*WordBits-1:0] routing_at /* verilator split_var */;
  logic [MaxExtensions*Words-1:0] starts /* verilator split_var */;

  extension_words #(
      .BeatBytes(BeatBytes), .PointerBits(PointerBits)
  ) u_words (
      .clk_i, .load_i(enters[1] & extended0 | HoldIdle == 0), .beat_i(beat0[BeatBits-1:0]), .kept_i(kept0),
      .words_o(ext_words[BeatBits-1:0])
  );

  first_hop #(
      .BeatBytes(BeatBytes), .PointerBits(PointerBits)
  ) u_first_hop (
      .clk_i, .valid_i(enters[1]), .first_i(first0),
      .extended_i(enters[1] & extended0 | HoldIdle == 0),
      .tags_i(tags0), .ipv4_i(ipv4_0), .end4_i(end4_0), .kind4_i(kind4_0), .kind6_i(kind6_0),
      .words_i(behind0),
      .walk_o(walk[0]), .pointer_o(pointer[PointerBits-1:0]), .kind_o(kind[2:0]),
      .found_routing_o(found_routing[0]), .found_options_o(found_options[0]), .found_at_o(found_at[WordBits-1:0])
  );

  assign routing[0] = 1'b0;
  assign routing_at[WordBits-1:0] = '0;
  assign starts[Words-1:0] = '0;
  assign has_starts[0] = 1'b0;

  for (genvar n = 1; n < MaxExtensions; n = n + 1) begin : g_hop
    extension_hop #(
        .BeatBytes(BeatBytes), .PointerBits(PointerBits)
    ) u_hop (
        .clk_i, .extended1_i(extendeds[2*n-1] | HoldIdle == 0), .extended2_i(extendeds[2*n] | HoldIdle == 0), .valid_i(valid_q[2*n-1]),
        .first_i(firsts[2*n-1]),
        .words_i(ext_words[(n-1)*BeatBits+:BeatBits]),
        .walk_i(walk[n-1]), .pointer_i(pointer[(n-1)*PointerBits+:PointerBits]), .kind_i(kind[3*(n-1)+:3]),
        .found_routing_i(found_routing[n-1]), .found_options_i(found_options[n-1]),
        .found_at_i(found_at[(n-1)*WordBits+:WordBits]),
        .routing_i(routing[n-1]), .routing_at_i(routing_at[(n-1)*WordBits+:WordBits]),
        .starts_i(starts[(n-1)*Words+:Words]), .has_starts_i(has_starts[n-1]),
        .words_o(ext_words[n*BeatBits+:BeatBits]),
        .walk_o(walk[n]), .pointer_o(pointer[n*PointerBits+:PointerBits]), .kind_o(kind[3*n+:3]),
        .found_routing_o(found_routing[n]), .found_options_o(found_options[n]),
        .found_at_o(found_at[n*WordBits+:WordBits]),
        .routing_o(routing[n]), .routing_at_o(routing_at[n*WordBits+:WordBits]),
        .starts_o(starts[n*Words+:Words]), .has_starts_o(has_starts[n])
    );
  end

  // In stage Walked, of a beat with extension headers: what the last hop has found, too; and what has to be searched. A
  // frame's job is given when its last beat is here; beats with starts wait for it, under the number that it will have.
  localparam int Last = MaxExtensions - 1;
  localparam int NumberBits = BudgetBeats < 2 ? 1 : $clog2(BudgetBeats);
  logic valid, walked_first, walked_extended, last_routing, last_found_routing, last_found_options, last_has_starts;
  logic [Words-1:0] last_starts, all_starts;
  logic [WordBits-1:0] last_routing_at, last_found_at, first_routing_at;
  logic has_routing, searches, searched, job, searched_q, job_q;
  logic [AtBits-1:0] at_q, frame_at_q;
  logic job_odd_q;  // the lowest bit of its number
  logic [NumberBits-1:0] beat_in_frame, beat_in_frame_q;

  assign valid = valid_q[Walked];
  assign walked_first = firsts[Walked];
  assign walked_extended = extendeds[Walked];
  assign last_routing = routing[Last];
  assign last_routing_at = routing_at[Last*WordBits+:WordBits];
  assign last_found_routing = found_routing[Last];
  assign last_found_options = found_options[Last];
  assign last_found_at = found_at[Last*WordBits+:WordBits];
  assign last_has_starts = has_starts[Last];
  assign last_starts = starts[Last*Words+:Words];
  assign searches = walked_extended & (last_has_starts | last_found_options);

  always_comb begin
    {has_routing, searched, job} = 3'd0;
    first_routing_at = '0;
    all_starts = '0;
    beat_in_frame = '0;
    if (walked_extended) begin
      has_routing = last_routing | last_found_routing;
      first_routing_at = last_routing ? last_routing_at : last_found_at;
      all_starts = last_found_options ? last_starts | Words'(1) << last_found_at : last_starts;
      beat_in_frame = walked_first ? '0 : beat_in_frame_q + 1'b1;
      searched = searches | (searched_q & ~walked_first);
      job = searched & (last | beat_in_frame == NumberBits'(BudgetBeats - 1));
    end
  end

  always_ff @(posedge clk_i) begin
    if (!late_rst_n) begin
      at_q <= '0;
      job_q <= 1'b0;
      job_odd_q <= 1'b0;
    end else begin
      job_q <= job;
      if (valid) at_q <= at_q + 1'b1;
      if (job) job_odd_q <= ~job_odd_q;
    end
  end
  always_ff @(posedge clk_i) begin
    if (walked_extended) begin
      searched_q <= searched;
      if (walked_first) frame_at_q <= at_q;
      beat_in_frame_q <= beat_in_frame;
    end
  end

  // Waiting: what is at the end of the walk, and then in front (head) what leaves next. A beat goes on if it needs no
  // answer or has one.
  localparam int WaitingBits = BesideWalkBits + 1 + PointerBits + 3 + 1 + WordBits + 2;
  logic waiting, waits, head_load, head_go_q, head_first_q, head_routing_q, head_searches_q;
  logic [WaitingBits-1:0] walked_beat, front_beat;
  logic [BudgetBeats-1:0] head_number, head_number_q;
  logic [NumberBits:0] head_beat_q;  // the same as a number, from 0
  logic [WordBits-1:0] head_routing_at_q;

  logic next_first, next_last, next_walk, next_routing, next_searches, next_job_odd;
  logic [WordBits:0] next_words;
  logic [1:0] next_network;
  logic [PointerBits-1:0] next_pointer;
  logic [2:0] next_kind;
  logic [WordBits-1:0] next_routing_at;

  localparam int PlaceBits = HeaderBytes == 256 ? 8 : 16;
  localparam int HomeBits = $clog2(BeatBytes) + NumberBits + 1;
  logic answered, next_answered, answer_found;
  logic [HomeBits-1:0] answer_at;

  waiting_fifo #(
      .Bits(WaitingBits), .Depth(Places)
  ) u_waiting (
      .clk_i, .rst_ni(late_rst_n), .in_valid_i(valid),
      .in_i(walked_beat), .out_ready_i(head_go_q), .waits_o(waits), .front_o(front_beat)
  );
  assign walked_beat = {beside_walk_q[BesideWalkBits*(Walked-1)+:BesideWalkBits],
                        walk[Last], pointer[Last*PointerBits+:PointerBits], kind[3*Last+:3],
                        has_routing, first_routing_at, searches, job_odd_q};
  assign waiting = valid | waits;
  assign {next_words, next_last, next_first, next_network, next_walk, next_pointer, next_kind, next_routing,
          next_routing_at, next_searches, next_job_odd} = waits ? front_beat : walked_beat;
  assign head_number = next_first ? BudgetBeats'(1) : head_number_q << 1;
  assign head_load = waiting & head_go_q;

  // Beats leave in the order of their jobs, so the next one to be asked for is the last one that was (the head's own), or
  // the one behind it, and the lowest bit of its number tells. What has just come has no answer yet.
  logic go, leave_q, asks, advances, front_after, asked_odd_q;
  assign leave = leave_q;
  assign asks = head_go_q & waiting & next_searches;
  assign advances = asks & next_job_odd != asked_odd_q;
  assign front_after = front_beat[1] & front_beat[0] != asked_odd_q;
  assign go = !head_go_q  ? answered :
              !waits      ? ~searches :
              front_after ? next_answered : ~front_beat[1] | answered;

  // head_go_q is high without a head, too.
  always_ff @(posedge clk_i) begin
    if (!late_rst_n) begin
      leave_q <= 1'b0;
      head_go_q <= 1'b1;
      asked_odd_q <= 1'b0;
    end else begin
      leave_q <= go & (waiting | ~head_go_q);
      head_go_q <= go;
      if (advances) asked_odd_q <= ~asked_odd_q;
    end
  end
  always_ff @(posedge clk_i) begin
    if (head_load) begin
      head_first_q <= next_first;
      head_number_q <= head_number;
      head_beat_q <= next_first ? '0 : head_beat_q + 1'b1;
      head_routing_q <= next_routing;
      head_routing_at_q <= next_routing_at;
      head_searches_q <= next_searches;
    end
  end

  home_address_search #(
      .BeatBytes(BeatBytes), .Beats(BudgetBeats), .PointerBits(PointerBits), .PlaceBits(PlaceBits), .AtBits(AtBits),
      .JobBits(JobBits), .HoldIdle(HoldIdle)
  ) u_search (
      .clk_i, .rst_ni(search_rst_n),
      .write_i(enters[1] & extended0 | HoldIdle == 0), .write_at_i(beat_at_q), .beat_i(beat0), .first_i(firsts[1]),
      .starts_write_i(walked_extended), .starts_at_i(at_q), .starts_i(all_starts),
      .job_i(job_q), .job_at_i(frame_at_q), .job_more_i(beat_in_frame_q),
      .next_i(advances), .answered_o(answered), .next_answered_o(next_answered), .found_o(answer_found),
      .found_at_o(answer_at)
  );

  // Where the addresses of the frame that leaves are: the number of the beat in which they begin, and the byte; that of the
  // first routing header is two words behind its begin.
  localparam int ByteBits = WordBits + 2;
  logic home_q, routing_q;
  logic [NumberBits:0] number_q, number_before_q;  // of the beat that left, and one less
  logic [HomeBits-1:0] home_at_q, routing_at_q;

  always_ff @(posedge clk_i) begin
    if (leave) begin
      number_q <= head_beat_q;
      number_before_q <= head_beat_q - 1'b1;
      if (head_searches_q) begin
        home_q <= answer_found;
        home_at_q <= answer_at;
      end else if (head_first_q) begin
        home_q <= 1'b0;
      end
      if (head_routing_q & (head_first_q | ~routing_q)) begin
        routing_q <= 1'b1;
        routing_at_q <= {head_beat_q, head_routing_at_q, 2'd0} + HomeBits'(8);
      end else if (head_first_q) begin
        routing_q <= 1'b0;
      end
    end
  end

  // Whether they are in the beat with left_q[0].
  logic home_begins, home_continues, routing_begins, routing_continues;
  assign home_begins = left_q[0] & home_q & home_at_q[HomeBits-1:ByteBits] == number_q;
  assign home_continues = left_q[0] & home_q & home_at_q[HomeBits-1:ByteBits] == number_before_q;
  assign routing_begins = left_q[0] & routing_q & routing_at_q[HomeBits-1:ByteBits] == number_q;
  assign routing_continues = left_q[0] & routing_q & routing_at_q[HomeBits-1:ByteBits] == number_before_q;

  // The beat that leaves, out of the memory. Its output is slow: it goes into a register of its own first.
  logic [BeatBits-1:0] read_beat, beat;
  logic [BesideBits-1:0] read_beside;
  logic [16+IdBits:0] beside;
  logic [5:0] place;
  logic first_left_q, first;
  logic [AtBits-1:0] read_at_q;

  always_ff @(posedge clk_i) begin
    if (!late_rst_n) begin
      read_at_q <= '0;
      deep_read_at_q <= FirstAt;
    end else if (leave) begin
      read_at_q <= read_at_q + 1'b1;
      deep_read_at_q <= deep_read_at_q + 1'b1;
    end
  end
  always_ff @(posedge clk_i) begin
    first_left_q <= leave & head_first_q;
    first <= first_left_q;
    if (leave | HoldIdle == 0) {read_beat, read_beside} <= {beats_q[DeepBits'(deep_read_at_q)], beside_q[read_at_q]};
    if (load_left[0]) begin
      beat <= read_beat;
      beside <= {read_beside[BesideBits-1:4], read_beside[1:0] == parser_pkg::NETWORK_EXTENDED};
      place <= {{3{read_beside[1]}}, {3{read_beside[1:0] == rss_pkg::NETWORK_IPV4}}} & {2{3'd1 << read_beside[3:2]}};
    end
  end

  logic [1:0] settled_network, settled_transport;
  logic over_budget, ports;
  logic [WordBits-1:0] ports_at;
  logic [WordBits-2:0] ports_before;

  frame_settle #(
      .BeatBytes(BeatBytes), .PointerBits(PointerBits)
  ) u_settle (
      .clk_i, .enters_i(head_load), .load_i({load_left[0], leave | HoldIdle == 0}), .decides_i(left_q[0]),
      .first_i(next_first), .last_i(next_last), .budget_ends_i(head_number[BudgetBeats-1]), .words_i(next_words),
      .network_i(next_network), .walk_i(next_walk), .pointer_i(next_pointer), .kind_i(next_kind),
      .settle_o(settle), .network_o(settled_network), .transport_o(settled_transport),
      .over_budget_o(over_budget), .ports_o(ports), .ports_at_o(ports_at), .ports_before_o(ports_before)
  );

  // Settled, and the output.
  frame_result #(
      .BeatBytes(BeatBytes), .IdBits(IdBits), .HoldIdle(HoldIdle)
  ) u_result (
      .clk_i, .valid_i(left_q[1]), .load_i(load_left),
      .home_i(home_q), .home_begins_i(home_begins), .home_continues_i(home_continues),
      .home_at_i(home_at_q[ByteBits-1:0]),
      .routing_i(routing_q), .routing_begins_i(routing_begins), .routing_continues_i(routing_continues),
      .routing_at_i(routing_at_q[ByteBits-1:0]), .first_i(first),
      .beside_i(beside), .place_i(place), .beat_i(beat),
      .network_i(settled_network), .transport_i(settled_transport), .over_budget_i(over_budget),
      .ports_i(ports), .ports_at_i(ports_at), .ports_before_i(ports_before),
      .soon_network_o, .soon_transport_o, .soon_extension_headers_o,
      .id_o(out_id_o), .network_o(out_network_o), .transport_o(out_transport_o),
      .extension_headers_o(out_extension_headers_o), .source_o(out_source_o), .destination_o(out_destination_o),
      .ex_source_o(out_ex_source_o), .ex_destination_o(out_ex_destination_o), .source_port_o(out_source_port_o),
      .destination_port_o(out_destination_port_o), .over_budget_o(out_over_budget_o)
  );

endmodule
