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
// Latency: a constant number of clocks after the edge that took the beat which settles the frame (the first that
// completes the headers, ends the frame or ends the budget): MaxExtensions + 5, and one for each block of 32 bytes of
// the budget, but for one of each beat; two more with StartOffset. Beats narrower than 512 bits are packed to 512 first,
// for another one.
// Nothing waits: a beat is taken at every edge with tvalid_i, and out_valid_o is high for one clock a result. Who cannot
// take results at any time counts credits, as receive_steering does.
// At an edge with rst_ni low nothing is taken; a frame cut in two by a reset goes on as a new frame.
// Contract with the model: an edge with tvalid_i low and no beat or result on its way (a frame that waits for its next
// beat is none) changes no register.
module frame_parser #(
    parameter int DataBits      = 512,  // 128, 256, 512 or 1024
    parameter int HeaderBytes   = 256,  // 256, 512 or 1024
    parameter int MaxExtensions = 4,    // 4 to 16
    parameter int IdBits        = 16,
    parameter int StartOffset   = 1     // 0: frames begin at their first byte, start_offset_i is ignored
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
    // a clock ahead of the result: those of its fields that decide which of the others are hashed. Behind a network of
    // NETWORK_NONE the rest means nothing.
    output logic                  soon_valid_o,
    output logic [1:0]            soon_network_o,
    output logic [1:0]            soon_transport_o,
    output logic                  soon_extension_headers_o,
    // header fields, as steering_pipeline takes them
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
  localparam int WordBits = $clog2(BeatBytes) - 2;
  localparam int BudgetBeats = HeaderBytes / BeatBytes;
  localparam int PointerBits = $clog2(HeaderBytes / 4) + 1;
  localparam int StartBits = 10;

  // Stages: 0 the beat's words, 1 IP header, 2 to Walked one hop each, up to Searched the search for home addresses,
  // Settled the fields, and the output. Bit n of valid_q is stage n, load[n] loads it.
  localparam int SearchStages = BudgetBeats * (BeatBytes / 32 - 1);
  localparam int Walked = MaxExtensions + 1;
  localparam int Searched = Walked + SearchStages + 1;
  localparam int Settled = Searched + 1;

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
  logic settle;
  logic [Settled:0] valid_q, load;

  assign beat_number = beat_first ? BudgetBeats'(1) : beat_number_q << 1;
  assign load = {valid_q[Settled-1:0], beat_valid};
  assign soon_valid_o = valid_q[Settled];

  always_ff @(posedge clk_i) begin
    if (load[0]) beat_number_q <= beat_number;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= '0;
      out_valid_o <= 1'b0;
    end else begin
      valid_q <= {valid_q[Searched] & settle, valid_q[Searched-1:0], beat_valid & beat_number != '0};
      out_valid_o <= valid_q[Settled];
    end
  end

  // Stages 0 and 1.
  logic [BeatBits+15:0] beat0;
  logic first1, last1, ipv6_0, extended1;
  logic [WordBits:0] words1;
  logic [IdBits-1:0] id1;
  logic [1:0] network1, tags1;
  logic [PointerBits-1:0] pointer1;
  logic [2:0] kind1;

  link_decode #(
      .BeatBytes(BeatBytes), .PointerBits(PointerBits), .IdBits(IdBits)
  ) u_link (
      .clk_i, .load_i(load[1:0]),
      .first_i(beat_first), .last_i(beat_last), .data_i(beat_data), .keep_i(beat_keep), .id_i(beat_id),
      .beat_o(beat0), .ipv6_o(ipv6_0),
      .ip_first_o(first1), .ip_last_o(last1), .ip_words_o(words1), .ip_id_o(id1), .ip_network_o(network1),
      .ip_tags_o(tags1), .ip_extended_o(extended1), .ip_pointer_o(pointer1), .ip_kind_o(kind1)
  );

  // The beats wait in a memory for the stage that picks from them, read a clock ahead of it; the walk needs no more than
  // extension_words gives. A place is read long before it is written again.
  localparam int Depth = 2 ** $clog2(Searched);
  (* no_rw_check *) logic [BeatBits-1:0] waiting_q [Depth];
  logic [$clog2(Depth)-1:0] write_q, read_q;
  logic [BeatBits-1:0] read_beat, beat;  // the latter in stage Searched

  always_ff @(posedge clk_i) if (load[1]) waiting_q[write_q] <= beat0[BeatBits-1:0];
  always_ff @(posedge clk_i) if (load[Searched-1]) read_beat <= waiting_q[read_q];
  always_ff @(posedge clk_i) if (load[Searched]) beat <= read_beat;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      write_q <= '0;
      read_q <= '0;
    end else begin
      if (load[1]) write_q <= write_q + 1'b1;
      if (load[Searched-1]) read_q <= read_q + 1'b1;
    end
  end

  // What travels beside. Bit n of first and extended is stage n's.
  logic [Searched:1] first, extended;
  assign first[1] = first1;
  assign extended[1] = extended1;
  for (genvar n = 2; n <= Searched; n = n + 1) begin : g_beside
    logic first_q, extended_q;
    always_ff @(posedge clk_i) begin
      if (load[n]) begin
        first_q <= first[n-1];
        extended_q <= extended[n-1];
      end
    end
    assign first[n] = first_q;
    assign extended[n] = extended_q;
  end

  logic [BudgetBeats-1:0] number;  // in stage Walked
  beat_delay #(
      .Bits(BudgetBeats), .Stages(Walked)
  ) u_number (
      .clk_i, .load_i(load[Walked+1:1]), .bits_i(beat_number_q), .bits_o(number)
  );

  logic last;
  logic [WordBits:0] words;
  logic [1:0] network;
  beat_delay #(
      .Bits(1 + WordBits + 1 + 2), .Stages(Walked - 1)
  ) u_beside_walk (
      .clk_i, .load_i(load[Walked+1:2]), .bits_i({last1, words1, network1}), .bits_o({last, words, network})
  );

  logic ipv4;
  logic [IdBits-1:0] id;
  logic [1:0] tags;
  beat_delay #(
      .Bits(1 + IdBits + 2), .Stages(Searched - 1)
  ) u_beside (
      .clk_i, .load_i(load[Settled:2]), .bits_i({network1 == rss_pkg::NETWORK_IPV4, id1, tags1}),
      .bits_o({ipv4, id, tags})
  );

  // Stages 2 to Walked: a hop each. Slice n of these is in stage n + 1.
  /* verilator lint_off UNUSEDSIGNAL */  // nobody is behind the last hop
  logic [(MaxExtensions+1)*BeatBits-1:0] ext_words;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [MaxExtensions:0] walk, routing;
  logic [(MaxExtensions+1)*PointerBits-1:0] pointer;
  logic [(MaxExtensions+1)*3-1:0] kind;
  logic [(MaxExtensions+1)*WordBits-1:0] routing_at;
  logic [MaxExtensions-1:0] options;  // in stage Walked - 1
  logic [MaxExtensions*WordBits-1:0] options_at;
  logic [MaxExtensions*PointerBits-1:0] ends;  // in stage Walked

  extension_words #(
      .BeatBytes(BeatBytes), .PointerBits(PointerBits)
  ) u_words (
      .clk_i, .load_i(load[1] & ipv6_0), .beat_i(beat0[BeatBits-1:0]), .words_o(ext_words[BeatBits-1:0])
  );

  assign walk[0] = first1;
  assign pointer[PointerBits-1:0] = pointer1;
  assign kind[2:0] = kind1;
  assign routing[0] = 1'b0;
  assign routing_at[WordBits-1:0] = '0;

  for (genvar n = 0; n < MaxExtensions; n = n + 1) begin : g_hop
    logic here;
    logic [WordBits-1:0] at;

    extension_hop #(
        .BeatBytes(BeatBytes), .PointerBits(PointerBits)
    ) u_hop (
        .clk_i, .load_i(load[n+2]), .first_i(first[n+1]), .extended_i(extended[n+1]),
        .words_i(ext_words[n*BeatBits+:BeatBits]),
        .walk_i(walk[n]), .pointer_i(pointer[n*PointerBits+:PointerBits]), .kind_i(kind[3*n+:3]),
        .routing_i(routing[n]), .routing_at_i(routing_at[n*WordBits+:WordBits]),
        .options_o(here), .options_at_o(at),
        .words_o(ext_words[(n+1)*BeatBits+:BeatBits]),
        .walk_o(walk[n+1]), .pointer_o(pointer[(n+1)*PointerBits+:PointerBits]), .kind_o(kind[3*(n+1)+:3]),
        .routing_o(routing[n+1]), .routing_at_o(routing_at[(n+1)*WordBits+:WordBits])
    );

    beat_delay #(
        .Bits(1 + WordBits), .Stages(MaxExtensions - 1 - n)
    ) u_options (
        .clk_i, .load_i(load[Walked:n+2]), .bits_i({here, at}), .bits_o({options[n], options_at[n*WordBits+:WordBits]})
    );

    beat_delay #(
        .Bits(PointerBits), .Stages(MaxExtensions - 1 - n)
    ) u_end (
        .clk_i, .load_i(load[Walked+1:n+3]), .bits_i(pointer[(n+1)*PointerBits+:PointerBits]),
        .bits_o(ends[n*PointerBits+:PointerBits])
    );
  end

  // Stages 1 to 5: the option map; from stage 5 on it waits for the last hop.
  localparam int PlaceBits = HeaderBytes == 256 ? 8 : 16;
  logic [BeatBytes*PlaceBits-1:0] map5, map;

  option_map #(
      .BeatBytes(BeatBytes), .PlaceBits(PlaceBits)
  ) u_map (
      .clk_i, .load_i(load[5:1] & {extended[4:1], ipv6_0}), .beat_i(beat0), .map_o(map5)
  );

  beat_delay #(
      .Bits(BeatBytes * PlaceBits), .Stages(Walked - 5)
  ) u_map_delay (
      .clk_i, .load_i(load[Walked+1:6]), .bits_i(map5), .bits_o(map)
  );

  // Up to Searched.
  logic home;
  logic [WordBits+2:0] home_at;
  logic [MaxExtensions-1:0] options_q;

  always_ff @(posedge clk_i) if (load[Walked]) options_q <= options;

  home_address_search #(
      .BeatBytes(BeatBytes), .Beats(BudgetBeats), .PointerBits(PointerBits), .PlaceBits(PlaceBits),
      .Headers(MaxExtensions)
  ) u_search (
      .clk_i, .load_starts_i(load[Walked] & extended[Walked-1]), .options_i(options), .options_at_i(options_at),
      .load_i(load[Searched:Walked+1] & extended[Searched-1:Walked]), .beat_i(number), .map_i(map),
      .end_valid_i(options_q), .end_i(ends), .found_o(home), .found_at_o(home_at)
  );

  logic home_at_hand, routing_at_hand, routing_found;
  logic [WordBits-1:0] routing_word;
  assign home_at_hand = home & extended[Searched];
  assign routing_at_hand = routing_found & extended[Searched];

  beat_delay #(
      .Bits(1 + WordBits), .Stages(Searched - Walked)
  ) u_routing (
      .clk_i, .load_i(load[Settled:Walked+1]),
      .bits_i({routing[MaxExtensions], routing_at[MaxExtensions*WordBits+:WordBits]}),
      .bits_o({routing_found, routing_word})
  );

  // Beside the search: stages Walked + 1 to Walked + 3, then waiting.
  localparam int FieldBits = 1 + 2 + 2 + 1 + 1 + WordBits;
  logic [FieldBits-1:0] fields, settled_fields;

  frame_settle #(
      .BeatBytes(BeatBytes), .PointerBits(PointerBits)
  ) u_settle (
      .clk_i, .load_i(load[Walked+3:Walked+1]), .first_i(first[Walked]), .last_i(last),
      .budget_ends_i(number[BudgetBeats-1]), .words_i(words), .network_i(network),
      .walk_i(walk[MaxExtensions]), .pointer_i(pointer[MaxExtensions*PointerBits+:PointerBits]),
      .kind_i(kind[3*MaxExtensions+:3]),
      .settle_o(fields[FieldBits-1]), .network_o(fields[WordBits+4+:2]), .transport_o(fields[WordBits+2+:2]),
      .over_budget_o(fields[WordBits+1]), .ports_o(fields[WordBits]), .ports_at_o(fields[WordBits-1:0])
  );

  beat_delay #(
      .Bits(FieldBits), .Stages(Searched - Walked - 3)
  ) u_fields (
      .clk_i, .load_i(load[Settled:Walked+4]), .bits_i(fields), .bits_o(settled_fields)
  );
  assign settle = settled_fields[FieldBits-1];

  // Settled, and the output.
  frame_result #(
      .BeatBytes(BeatBytes), .IdBits(IdBits)
  ) u_result (
      .clk_i, .load_i(load[Settled]), .first_i(first[Searched]), .id_i(id), .ipv4_i(ipv4), .tags_i(tags),
      .extended_i(extended[Searched]), .beat_i(beat),
      .network_i(settled_fields[WordBits+4+:2]), .transport_i(settled_fields[WordBits+2+:2]),
      .over_budget_i(settled_fields[WordBits+1]), .ports_i(settled_fields[WordBits]),
      .ports_at_i(settled_fields[WordBits-1:0]),
      .routing_i(routing_at_hand), .routing_at_i(routing_word), .home_i(home_at_hand), .home_at_i(home_at),
      .soon_network_o, .soon_transport_o, .soon_extension_headers_o, .load_result_i(valid_q[Settled]),
      .id_o(out_id_o), .network_o(out_network_o), .transport_o(out_transport_o),
      .extension_headers_o(out_extension_headers_o), .source_o(out_source_o), .destination_o(out_destination_o),
      .ex_source_o(out_ex_source_o), .ex_destination_o(out_ex_destination_o), .source_port_o(out_source_port_o),
      .destination_port_o(out_destination_port_o), .over_budget_o(out_over_budget_o)
  );

endmodule
