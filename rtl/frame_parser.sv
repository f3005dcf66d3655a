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
// Latency: MaxExtensions + 8 clocks from the edge that took the beat which settles the frame (the first that completes the
// headers, ends the frame or ends the budget); two more with StartOffset. Beats narrower than 512 bits are packed to 512
// first, for another one. A frame with destination options that have room for a home address (24 bytes or more) is
// searched, which takes longer, counted from its last beat or the budget's last; frames behind wait for it, so that
// results come in order. The search keeps up with a beat a clock, so no more than some fifty beats ever wait.
// Nothing waits: a beat is taken at every edge with tvalid_i, and out_valid_o is high for one clock a result. Who cannot
// take results at any time counts credits, as receive_steering does.
// At an edge with rst_ni low nothing is taken; a frame cut in two by a reset goes on as a new frame.
// Contract with the model: an edge with tvalid_i low and no beat or result on its way (a frame that waits for its next
// beat is none) changes no register, if HoldIdle is 1 and no reset was in the three clocks before.
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
    // header fields, as steering_core takes them; behind a network of NETWORK_NONE the rest means nothing, and without a
    // transport header the ports
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

  localparam int BeatBits = DataBits < 512 ? 512 : DataBits;
  localparam int BeatBytes = BeatBits / 8;
  localparam int Words = BeatBytes / 4;
  localparam int WordBits = $clog2(Words);
  localparam int BudgetBeats = HeaderBytes / BeatBytes;
  localparam int PointerBits = $clog2(HeaderBytes / 4) + 1;
  localparam int StartBits = 10;

  // Stages: 0 the beat's words, 1 IP header, 2 to Walked one hop each; bit n of valid_q is stage n, a beat enters it at an
  // edge with enters[n], and its registers load at one with load[n]. Then beats wait for home addresses, where need be, in
  // the order in which they came; from where they leave (leave) bit n of left_q is n + 1 clocks later: settled with bit 2,
  // and the output.
  localparam int Walked = MaxExtensions + 1;
  localparam int Places = HeaderBytes / 4;  // of beats that have not left: more than ever wait
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
  logic [Walked:0] valid_q, enters, load;
  logic [3:0] left_q, load_left;

  assign beat_number = beat_first ? BudgetBeats'(1) : beat_number_q << 1;
  assign enters = {valid_q[Walked-1:0], beat_valid};
  assign load = HoldIdle != 0 ? enters : {(Walked + 1){1'b1}};
  assign load_left = HoldIdle != 0 ? left_q : {4{1'b1}};
  assign soon_valid_o = left_q[3];

  always_ff @(posedge clk_i) begin
    if (enters[0]) beat_number_q <= beat_number;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= '0;
      left_q <= '0;
      out_valid_o <= 1'b0;
    end else begin
      valid_q <= {valid_q[Walked-1:0], beat_valid & beat_number != '0};
      left_q <= {left_q[2] & settle, left_q[1:0], leave};
      out_valid_o <= left_q[3];
    end
  end

  // Stages 0 and 1.
  logic [BeatBits+15:0] beat0;
  logic [BeatBytes-1:0] kept0;
  logic first1, last1, ipv6_0, extended1;
  logic [WordBits:0] words1;
  logic [IdBits-1:0] id1;
  logic [1:0] network1, tags1;
  logic [PointerBits-1:0] pointer1;
  logic [2:0] kind1;

  link_decode #(
      .BeatBytes(BeatBytes), .PointerBits(PointerBits), .IdBits(IdBits), .HoldIdle(HoldIdle)
  ) u_link (
      .clk_i, .load_i(load[1:0]), .valid_i(enters[1:0]),
      .first_i(beat_first), .last_i(beat_last), .data_i(beat_data), .keep_i(beat_keep), .id_i(beat_id),
      .beat_o(beat0), .kept_o(kept0), .ipv6_o(ipv6_0),
      .ip_first_o(first1), .ip_last_o(last1), .ip_words_o(words1), .ip_id_o(id1), .ip_network_o(network1),
      .ip_tags_o(tags1), .ip_extended_o(extended1), .ip_pointer_o(pointer1), .ip_kind_o(kind1)
  );

  // The beats wait in a memory for the stage that picks from them, with what else only that stage needs; the walk needs no
  // more than extension_words gives.
  localparam int BesideBits = IdBits + 2 + 1 + 1;
  logic first, ipv4, extended;
  logic [IdBits-1:0] id;
  logic [1:0] tags;
  logic [BeatBits-1:0] beat;
  (* no_rw_check *) logic [BeatBits-1:0] beats_q [Places];
  (* no_rw_check *) logic [BesideBits-1:0] beside_q [Places];
  logic [BeatBits-1:0] read_beat;
  logic [BesideBits-1:0] read_beside;
  logic [AtBits-1:0] beat_at_q, beside_at_q, read_at_q;

  // The beat is known a clock before the rest.
  always_ff @(posedge clk_i) if (load[1]) beats_q[beat_at_q] <= beat0[BeatBits-1:0];
  always_ff @(posedge clk_i) begin
    if (load[2]) beside_q[beside_at_q] <= {id1, tags1, network1 == rss_pkg::NETWORK_IPV4, extended1};
  end
  always_ff @(posedge clk_i) begin
    if (load_left[0]) {read_beat, read_beside} <= {beats_q[read_at_q], beside_q[read_at_q]};
    if (load_left[1]) {beat, id, tags, ipv4, extended} <= {read_beat, read_beside};
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      beat_at_q <= '0;
      beside_at_q <= '0;
      read_at_q <= '0;
    end else begin
      if (enters[1]) beat_at_q <= beat_at_q + 1'b1;
      if (enters[2]) beside_at_q <= beside_at_q + 1'b1;
      if (left_q[0]) read_at_q <= read_at_q + 1'b1;
    end
  end

  // What travels beside the walk. Bit n of firsts and extendeds is stage n's.
  logic [Walked:1] firsts /* verilator split_var */, extendeds /* verilator split_var */;
  assign firsts[1] = first1;
  assign extendeds[1] = extended1;
  for (genvar n = 2; n <= Walked; n = n + 1) begin : g_beside
    logic first_q, extended_q;
    always_ff @(posedge clk_i) begin
      if (load[n]) begin
        first_q <= firsts[n-1];
        extended_q <= extendeds[n-1];
      end
    end
    assign firsts[n] = first_q;
    assign extendeds[n] = extended_q;
  end

  logic [BudgetBeats-1:0] number;  // in stage Walked
  beat_delay #(
      .Bits(BudgetBeats), .Stages(Walked)
  ) u_number (
      .clk_i, .load_i({1'b0, load[Walked:1]}), .bits_i(beat_number_q), .bits_o(number)
  );

  logic last;
  logic [WordBits:0] words;
  logic [1:0] network;
  beat_delay #(
      .Bits(1 + WordBits + 1 + 2), .Stages(Walked - 1)
  ) u_beside_walk (
      .clk_i, .load_i({1'b0, load[Walked:2]}), .bits_i({last1, words1, network1}), .bits_o({last, words, network})
  );

  // Stages 2 to Walked: a hop each. Slice n of these is in stage n + 1.
  /* verilator lint_off UNUSEDSIGNAL */  // nobody is behind the last hop
  logic [(MaxExtensions+1)*BeatBits-1:0] ext_words /* verilator split_var */;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [MaxExtensions:0] walk /* verilator split_var */, routing /* verilator split_var */;
  logic [MaxExtensions:0] has_starts /* verilator split_var */;
  logic [MaxExtensions:0] found_routing /* verilator split_var */, found_options /* verilator split_var */;
  logic [(MaxExtensions+1)*WordBits-1:0] found_at /* verilator split_var */;
  logic [(MaxExtensions+1)*PointerBits-1:0] pointer /* verilator split_var */;
  logic [(MaxExtensions+1)*3-1:0] kind /* verilator split_var */;
  logic [(MaxExtensions+1)*WordBits-1:0] routing_at /* verilator split_var */;
  logic [(MaxExtensions+1)*Words-1:0] starts /* verilator split_var */;

  extension_words #(
      .BeatBytes(BeatBytes), .PointerBits(PointerBits)
  ) u_words (
      .clk_i, .load_i(enters[1] & ipv6_0 | HoldIdle == 0), .beat_i(beat0[BeatBits-1:0]), .kept_i(kept0), .words_o(ext_words[BeatBits-1:0])
  );

  assign walk[0] = first1;
  assign pointer[PointerBits-1:0] = pointer1;
  assign kind[2:0] = kind1;
  assign routing[0] = 1'b0;
  assign routing_at[WordBits-1:0] = '0;
  assign starts[Words-1:0] = '0;
  assign has_starts[0] = 1'b0;
  assign found_routing[0] = 1'b0;
  assign found_options[0] = 1'b0;
  assign found_at[WordBits-1:0] = '0;

  for (genvar n = 0; n < MaxExtensions; n = n + 1) begin : g_hop
    extension_hop #(
        .BeatBytes(BeatBytes), .PointerBits(PointerBits), .FirstHop(n == 0 ? 1 : 0)
    ) u_hop (
        .clk_i, .load_i(load[n+2]), .valid_i(enters[n+2]), .first_i(firsts[n+1]),
        .extended_i(extendeds[n+1] | HoldIdle == 0),
        .words_i(ext_words[n*BeatBits+:BeatBits]),
        .walk_i(walk[n]), .pointer_i(pointer[n*PointerBits+:PointerBits]), .kind_i(kind[3*n+:3]),
        .found_routing_i(found_routing[n]), .found_options_i(found_options[n]),
        .found_at_i(found_at[n*WordBits+:WordBits]),
        .routing_i(routing[n]), .routing_at_i(routing_at[n*WordBits+:WordBits]), .starts_i(starts[n*Words+:Words]),
        .has_starts_i(has_starts[n]),
        .words_o(ext_words[(n+1)*BeatBits+:BeatBits]),
        .walk_o(walk[n+1]), .pointer_o(pointer[(n+1)*PointerBits+:PointerBits]), .kind_o(kind[3*(n+1)+:3]),
        .found_routing_o(found_routing[n+1]), .found_options_o(found_options[n+1]),
        .found_at_o(found_at[(n+1)*WordBits+:WordBits]),
        .routing_o(routing[n+1]), .routing_at_o(routing_at[(n+1)*WordBits+:WordBits]), .starts_o(starts[(n+1)*Words+:Words]),
        .has_starts_o(has_starts[n+1])
    );
  end

  // In stage Walked: what the last hop has found, too.
  logic [Words-1:0] all_starts;
  logic has_routing;
  logic [WordBits-1:0] first_routing_at;
  assign has_routing = extendeds[Walked] & (routing[MaxExtensions] | found_routing[MaxExtensions]);
  assign first_routing_at = routing[MaxExtensions] ? routing_at[MaxExtensions*WordBits+:WordBits] :
                                                     found_at[MaxExtensions*WordBits+:WordBits];
  for (genvar n = 0; n < Words; n = n + 1) begin : g_all_starts
    assign all_starts[n] = starts[MaxExtensions*Words+n] |
                           (found_options[MaxExtensions] & found_at[MaxExtensions*WordBits+:WordBits] == WordBits'(n));
  end

  // What has to be searched. A frame's job is given when its last beat is here; beats with starts wait for it, under the
  // number that it will have.
  localparam int NumberBits = BudgetBeats < 2 ? 1 : $clog2(BudgetBeats);
  logic valid, searches, searched, job, searched_q, job_q;
  logic [AtBits-1:0] at_q, frame_at, frame_at_q;
  logic [JobBits-1:0] job_number_q, job_number_q2;
  logic [NumberBits-1:0] beat_in_frame, beat_in_frame_q;

  assign valid = valid_q[Walked];
  assign searches = valid & extendeds[Walked] & (has_starts[MaxExtensions] | found_options[MaxExtensions]);
  assign searched = searches | (searched_q & ~firsts[Walked]);
  assign job = valid & searched & (last | number[BudgetBeats-1]);
  assign frame_at = firsts[Walked] ? at_q : frame_at_q;

  always_comb begin : binary
    integer b;
    beat_in_frame = '0;
    for (b = 0; b < BudgetBeats; b = b + 1) if (number[b]) beat_in_frame = beat_in_frame | NumberBits'(b);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      at_q <= '0;
      job_q <= 1'b0;
      job_number_q <= '0;
    end else begin
      job_q <= job;
      if (valid) at_q <= at_q + 1'b1;
      if (job) job_number_q <= job_number_q + 1'b1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (valid) begin
      searched_q <= searched;
      frame_at_q <= frame_at;
      beat_in_frame_q <= beat_in_frame;
      job_number_q2 <= job_number_q;
    end
  end

  // Waiting: what is at the end of the walk, and then in front (head) what leaves next.
  localparam int WaitingBits = 1 + 1 + BudgetBeats + (WordBits + 1) + 2 + 1 + PointerBits + 3 + 1 + WordBits + 1 + JobBits;
  logic waiting, head_load, head_q, head_go_q, head_first_q, head_last_q, head_walk_q, head_routing_q, head_searches_q;
  logic [WaitingBits-1:0] waiting_beat;
  logic [BudgetBeats-1:0] head_number_q;
  logic [WordBits:0] head_words_q;
  logic [1:0] head_network_q;
  logic [PointerBits-1:0] head_pointer_q;
  logic [2:0] head_kind_q;
  logic [WordBits-1:0] head_routing_at_q;
  logic [JobBits-1:0] head_job_q;

  result_fifo #(
      .Bits(WaitingBits), .Depth(Places)
  ) u_waiting (
      .clk_i, .rst_ni, .in_valid_i(valid),
      .in_i({firsts[Walked], last, number, words, network, walk[MaxExtensions],
             pointer[MaxExtensions*PointerBits+:PointerBits], kind[3*MaxExtensions+:3],
             has_routing, first_routing_at, searches, job_number_q}),
      .out_valid_o(waiting), .out_ready_i(~head_q | leave), .out_o(waiting_beat)
  );
  assign head_load = waiting & (~head_q | leave);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) head_q <= 1'b0;
    else head_q <= waiting | (head_q & ~leave);
    if (head_load) begin
      {head_first_q, head_last_q, head_number_q, head_words_q, head_network_q, head_walk_q, head_pointer_q, head_kind_q,
       head_routing_q, head_routing_at_q, head_searches_q, head_job_q} <= waiting_beat;
    end
  end

  // A beat goes on if it needs no answer or has one. An answer counts from the clock on behind that in which its number is
  // given away.
  localparam int PlaceBits = HeaderBytes == 256 ? 8 : 16;
  localparam int HomeBits = $clog2(BeatBytes) + NumberBits + 1;
  logic [2**JobBits-1:0] answered;
  logic answer_found;
  logic [HomeBits-1:0] answer_at;

  assign leave = head_q & head_go_q;
  always_ff @(posedge clk_i) begin
    if (head_load) begin
      head_go_q <= 1'b1;
      if (waiting_beat[JobBits]) begin
        head_go_q <= answered[waiting_beat[JobBits-1:0]] & ~(searches & waiting_beat[JobBits-1:0] == job_number_q);
      end
    end else if (head_q & ~head_go_q) begin
      head_go_q <= answered[head_job_q];
    end
  end

  home_address_search #(
      .BeatBytes(BeatBytes), .Beats(BudgetBeats), .PointerBits(PointerBits), .PlaceBits(PlaceBits), .AtBits(AtBits),
      .JobBits(JobBits), .HoldIdle(HoldIdle)
  ) u_search (
      .clk_i, .rst_ni,
      .write_i(enters[1] & ipv6_0 | HoldIdle == 0), .write_at_i(beat_at_q), .beat_i(beat0),
      .starts_write_i(valid & extendeds[Walked]), .starts_at_i(at_q), .starts_i(all_starts),
      .job_i(job_q), .job_number_i(job_number_q2), .job_at_i(frame_at_q), .job_more_i(beat_in_frame_q),
      .clear_i(searches), .clear_number_i(job_number_q), .answered_o(answered),
      .number_i(head_job_q), .found_o(answer_found), .found_at_o(answer_at)
  );

  // Where the addresses of the frame that leaves are; that of the first routing header is two words behind its begin.
  localparam int ByteBits = WordBits + 2;
  logic home_q, routing_q;
  logic [HomeBits-1:0] home_at_q;
  logic [BudgetBeats-1:0] number_q, routing_number_q;
  logic [ByteBits:0] routing_at_q;

  always_ff @(posedge clk_i) begin
    if (leave) begin
      number_q <= head_number_q;
      if (head_searches_q) begin
        home_q <= answer_found;
        home_at_q <= answer_at;
      end else if (head_first_q) begin
        home_q <= 1'b0;
      end
      if (head_routing_q & (head_first_q | ~routing_q)) begin
        routing_q <= 1'b1;
        routing_number_q <= head_number_q;
        routing_at_q <= {1'b0, head_routing_at_q, 2'd0} + (ByteBits + 1)'(8);
      end else if (head_first_q) begin
        routing_q <= 1'b0;
      end
    end
  end

  // Whether they are in the beat with left_q[0].
  logic [BudgetBeats-1:0] home_beat, routing_beat;  // in which they begin: a bit, or none
  logic home_begins, home_continues, routing_begins, routing_continues;

  logic left, routing_behind;
  logic [NumberBits:0] home_number;
  assign left = left_q[0];
  assign routing_behind = routing_at_q[ByteBits];  // in the beat behind that of its header
  assign home_number = home_at_q[HomeBits-1:ByteBits];

  always_comb begin : begins_here
    integer b;
    for (b = 0; b < BudgetBeats; b = b + 1) home_beat[b] = home_number == (NumberBits + 1)'(b);
    routing_beat = routing_behind ? routing_number_q << 1 : routing_number_q;
    {home_begins, home_continues, routing_begins, routing_continues} = 4'd0;
    if (left & home_q) begin
      home_begins = (number_q & home_beat) != '0;
      home_continues = (number_q & home_beat << 1) != '0;
    end
    if (left & routing_q) begin
      routing_begins = (number_q & routing_beat) != '0;
      routing_continues = (number_q & routing_beat << 1) != '0;
    end
  end

  logic first_q;
  always_ff @(posedge clk_i) first_q <= leave & head_first_q;
  always_ff @(posedge clk_i) first <= first_q;

  logic [1:0] settled_network, settled_transport;
  logic over_budget, ports;
  logic [WordBits-1:0] ports_at;

  frame_settle #(
      .BeatBytes(BeatBytes), .PointerBits(PointerBits)
  ) u_settle (
      .clk_i, .enters_i(leave), .decides_i(left_q[1]), .load_i(load_left[1:0]), .first_i(head_first_q), .last_i(head_last_q),
      .budget_ends_i(head_number_q[BudgetBeats-1]), .words_i(head_words_q), .network_i(head_network_q),
      .walk_i(head_walk_q), .pointer_i(head_pointer_q), .kind_i(head_kind_q),
      .settle_o(settle), .network_o(settled_network), .transport_o(settled_transport),
      .over_budget_o(over_budget), .ports_o(ports), .ports_at_o(ports_at)
  );

  // Settled, and the output.
  frame_result #(
      .BeatBytes(BeatBytes), .IdBits(IdBits)
  ) u_result (
      .clk_i, .valid_i(left_q[2]), .load_i(load_left),
      .home_i(home_q), .home_begins_i(home_begins), .home_continues_i(home_continues), .home_at_i(home_at_q[ByteBits-1:0]),
      .routing_i(routing_q), .routing_begins_i(routing_begins), .routing_continues_i(routing_continues),
      .routing_at_i(routing_at_q[ByteBits-1:0]), .first_i(first),
      .id_i(id), .ipv4_i(ipv4), .tags_i(tags), .extended_i(extended), .beat_i(beat),
      .network_i(settled_network), .transport_i(settled_transport), .over_budget_i(over_budget),
      .ports_i(ports), .ports_at_i(ports_at),
      .soon_network_o, .soon_transport_o, .soon_extension_headers_o,
      .id_o(out_id_o), .network_o(out_network_o), .transport_o(out_transport_o),
      .extension_headers_o(out_extension_headers_o), .source_o(out_source_o), .destination_o(out_destination_o),
      .ex_source_o(out_ex_source_o), .ex_destination_o(out_ex_destination_o), .source_port_o(out_source_port_o),
      .destination_port_o(out_destination_port_o), .over_budget_o(out_over_budget_o)
  );

endmodule
