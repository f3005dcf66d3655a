// Looks for home addresses (RFC 6275, 6.3) in the destination options of whole frames. The first good one wins: the
// right length, within its header. What a walk meets ends it, whether it is good or not: a header whose first home
// address option does not fit has none.
//
// Columns of 16 bytes stand in a ring, and a walk goes through one in two clocks. A round begins at column 3, where the
// first word behind a fixed IPv6 header is, and goes on with the columns of the next beat that stand before it. So
// there are twice as many walks on their way as columns, one enters or leaves in every clock, and a round takes as many
// clocks.
//
//   job -> | column 3 | -> ... | last | -> | column 0 | -> | column 1 | -> | column 2 | -> column 3, the next round
//            beat n                          beat n + 1
//
// The last column of a frame's last beat need not be looked at: an option takes 18 bytes, so the header of one that
// begins there is not complete, and such a frame comes to nothing. With four columns the last round is therefore that
// which ends in the last beat: a frame takes a round less than it has beats, but one if it has one only. With eight it
// takes as many as it has beats. An answer comes from the fourth column of the last round either way. Frames come no
// faster than a beat a clock, and a round begins in every clock in which a walk is there to begin or to go on, so they
// keep up; walks that must wait for a place in the ring do so in a queue, some clocks at most.
//
// Beats (write_*) and the words at which headers begin (starts_*) come before their frame's job, the latter at the
// latest in the clock before, the former six clocks before: a beat that is written at edge e has its map in the
// columns' memories at edge e + 6, and the job that comes at that edge reads it at the next one. With MaxExtensions 4, the
// least, frame_parser has two clocks to spare.
//
// Answers are asked for in the order of the jobs, one at a time; behind a reset it is the first one's turn. No more than
// 2**JobBits - 1 jobs can be on their way, from job_i until the next one is asked for.
module home_address_search #(
    parameter int BeatBytes   = 64,  // 64 or 128
    parameter int Beats       = 4,   // of the budget
    parameter int PointerBits = 7,
    parameter int PlaceBits   = 8,
    parameter int AtBits      = 6,   // of places of beats
    parameter int JobBits     = 5,
    parameter int HoldIdle    = 1,   // see frame_parser
    parameter int BeatBits    = Beats < 2 ? 1 : $clog2(Beats)  // no other value
) (
    input  logic                                 clk_i,
    input  logic                                 rst_ni,
    input  logic                                 write_i,
    input  logic [AtBits-1:0]                    write_at_i,
    /* verilator lint_off UNUSEDSIGNAL */  // the second of the two bytes
    input  logic [8*BeatBytes+15:0]              beat_i,          // and the two bytes behind it
    /* verilator lint_on UNUSEDSIGNAL */
    input  logic                                 first_i,         // a clock after write_i: it is its frame's first beat
    input  logic                                 starts_write_i,
    input  logic [AtBits-1:0]                    starts_at_i,
    input  logic [BeatBytes/4-1:0]               starts_i,
    // a frame to be searched: its first beat, and how many more there are
    input  logic                                 job_i,
    input  logic [AtBits-1:0]                    job_at_i,
    input  logic [BeatBits-1:0]                  job_more_i,
    // next_i: from this edge on the next job is asked for. Whether the one that is has an answer, and the one behind it;
    // and that answer
    input  logic                                 next_i,
    output logic                                 answered_o,
    output logic                                 next_answered_o,
    output logic                                 found_o,
    output logic [$clog2(BeatBytes)+BeatBits:0]  found_at_o  // the address's first byte in the frame's beats
);

  localparam int Columns = BeatBytes / 16;
  localparam int ColumnBits = $clog2(Columns);
  localparam int FirstColumn = 3;
  localparam int Slots = 2 * Columns;
  // Of a column's ring clocks the first is that of its address; the step ends with the fourth, then come the check, the
  // finding, and a clock for it to be there for the next column.
  localparam int Check = 4;
  localparam int Find = 5;
  localparam int Pass = 6;
  localparam int Turn = 2 * (Columns - FirstColumn);  // the address of column 0
  localparam int Answer = 2 * 3 + Pass;               // behind the finding of a round's fourth column
  localparam int LastMore = Columns > 4 ? 0 : 1;      // beats to come behind the one with which the last round begins
  localparam int FoundBits = $clog2(BeatBytes) + BeatBits + 1;

  // The ring's clocks are counted from that in which an address is at its first column, which is 0. Bit or slice n of
  // these is n clocks behind. more: beats to come behind the one with which the round begins.
  localparam int End = Slots - 2 + Pass;
  localparam int CarriedEnd = Slots - 1 > Answer ? Slots - 1 : Answer;
  logic [End:0] valid_q;
  logic [Find:0] first_q;
  logic [Slots*AtBits-1:0] at_q;
  logic [(CarriedEnd+1)*BeatBits-1:0] more_q;
  logic [(Slots-1+Find)*BeatBits-1:0] number_q;
  logic [(CarriedEnd+1)*JobBits-1:0] job_q;
  logic again_q;

  // Answers that are there: bit n is that of the n-th job behind the one that was asked for a clock ago; a clock ago, for
  // there is much to be moved when the next one's turn comes. An answer comes in by its distance from asked_q.
  logic moved_q, answer_q;
  logic [2**JobBits-1:0] there_q;
  logic [JobBits-1:0] asked_q, distance_q;
  assign answered_o = moved_q ? there_q[1] : there_q[0];
  assign next_answered_o = moved_q ? there_q[2] : there_q[1];

  always_ff @(posedge clk_i) begin : ask
    logic [2**JobBits-1:0] there;
    if (next_i | moved_q | answer_q) begin
      there = there_q;
      if (answer_q) there[distance_q] = 1'b1;
      there_q <= moved_q ? there >> 1 : there;
      if (next_i) asked_q <= asked_q + 1'b1;
      moved_q <= next_i;
    end
    if (!rst_ni) begin
      there_q <= '0;
      moved_q <= 1'b0;
      asked_q <= '0;
    end
  end

  // The queue; next_q is the number of the walk that is next.
  logic waits;
  logic [AtBits-1:0] front_at;
  logic [BeatBits-1:0] front_more;
  logic [JobBits-1:0] next_q;

  waiting_fifo #(
      .Bits(AtBits + BeatBits), .Depth(2**JobBits)
  ) u_queue (
      .clk_i, .rst_ni, .in_valid_i(job_i), .in_i({job_at_i, job_more_i}), .out_ready_i(~again_q), .waits_o(waits),
      .front_o({front_at, front_more})
  );

  // Whether there is anything to be done for walks, and for beats that come in: who simulates tests no more, if
  // HoldIdle is 1. Then the registers of a clock load only with a walk, or beat, there; what travels beside moves with
  // any.
  logic walks, maps;
  logic [End:0] walk_load;
  logic [5:0] coming_q, map_load, behind_load;
  logic [5:1] coming_behind_q;
  assign walks = HoldIdle == 0 | job_i | waits | valid_q != '0;
  assign walk_load = HoldIdle != 0 ? valid_q : {(End + 1){1'b1}};
  assign maps = HoldIdle == 0 | write_i | coming_q != '0;
  assign map_load = HoldIdle != 0 ? coming_q : {6{1'b1}};
  assign behind_load = HoldIdle != 0 ? {coming_behind_q, coming_q[0] & ~first_i} : {6{1'b1}};

  // Beats on their way into the columns: the bytes, five clocks of the map, and the memory. Bit n of coming_q is n + 1
  // clocks behind write_i; of coming_behind_q without first beats, of which no walk reads the columns before
  // FirstColumn.
  logic [8*BeatBytes+7:0] bytes_q;
  logic [6*AtBits-1:0] keep_at_q;

  always_ff @(posedge clk_i) begin : beats
    if (maps) begin
      keep_at_q <= {keep_at_q[5*AtBits-1:0], write_at_i};
      if (write_i) bytes_q <= beat_i[8*BeatBytes+7:0];
      coming_behind_q <= behind_load[4:0];
      coming_q <= {coming_q[4:0], write_i};
    end
    if (!rst_ni) begin
      coming_behind_q <= '0;
      coming_q <= '0;
    end
  end

  // The columns, in the order of a round. Slice p of these is the p-th one's.
  (* no_rw_check *) logic [4*Columns-1:0] starts_q [2**AtBits];
  logic [4*Columns-1:0] starts_q1;
  logic [Columns-1:0] looked /* verilator split_var */, here /* verilator split_var */;
  logic [Columns*PlaceBits-1:0] place /* verilator split_var */;
  logic [Columns*PointerBits-1:0] room /* verilator split_var */;
  logic [Columns-1:0] fits_q;
  logic [4*Columns-1:0] fits_at_q;

  always_ff @(posedge clk_i) if (starts_write_i) starts_q[starts_at_i] <= starts_i;

  for (genvar p = 0; p < Columns; p = p + 1) begin : g_column
    localparam int Column = (FirstColumn + p) % Columns;
    localparam int Before = p == 0 ? Columns - 1 : p - 1;
    logic fresh;
    logic [5:0] load;
    assign fresh = p == 0 & first_q[2];
    assign load = Column < FirstColumn ? behind_load : map_load;

    option_column #(
        .PlaceBits(PlaceBits), .PointerBits(PointerBits), .AtBits(AtBits)
    ) u_column (
        .clk_i,
        .maps_i(maps), .map_load_i(load[4:0]), .bytes_i(bytes_q[128*Column+:136]),
        .keep_i(load[5]), .keep_at_i(keep_at_q[5*AtBits+:AtBits]),
        .walks_i(walks), .load_i(walk_load[2*p+:4]), .read_at_i(at_q[2*p*AtBits+:AtBits]), .starts_i(starts_q1[4*p+:4]),
        .fresh_i(fresh), .here_i(here[Before]), .place_i(place[Before*PlaceBits+:PlaceBits]),
        .room_i(room[Before*PointerBits+:PointerBits]),
        .looked_o(looked[p]), .here_o(here[p]), .place_o(place[p*PlaceBits+:PlaceBits]),
        .room_o(room[p*PointerBits+:PointerBits])
    );

    // Is there an address, all of it within its header? An option takes 18 bytes, up to the next word.
    always_ff @(posedge clk_i) begin : check
      logic [3:0] byte_in_column;
      logic [5:0] words;
      if (walks) begin
        if (walk_load[2*p+Check]) begin
          byte_in_column = place[p*PlaceBits+:4];
          words = (6'(byte_in_column) + 6'd21) >> 2;
          fits_q[p] <= looked[p] & (&place[p*PlaceBits+4+:PlaceBits-4]) &
                       room[p*PointerBits+:PointerBits] >= PointerBits'(words);
          fits_at_q[4*p+:4] <= byte_in_column;
        end
      end
    end
  end

  // Findings are where options begin, answers where addresses do. With four columns a frame of one beat has none: its
  // round ends in a beat that is not its own.
  localparam int OptionBits = FoundBits - 1;
  logic [Columns-1:0] found_q, passed_q;
  logic [Columns*OptionBits-1:0] found_at_q, passed_at_q;
  (* ram_style = "distributed" *) logic [FoundBits:0] answers_q [2**JobBits];
  assign {found_o, found_at_o} = answers_q[asked_q];

  // All in one block, what is read first: a simulator then needs no second copy of these registers.
  always_ff @(posedge clk_i) begin : ring
    integer p, previous, column;
    logic again, found;
    logic [AtBits-1:0] at;
    logic [BeatBits-1:0] more, number, more_soon, more_now;
    logic [JobBits-1:0] job;
    if (walks) begin
      // Answers. That there will be one is known a clock before.
      more_soon = more_q[(Answer-1)*BeatBits+:BeatBits];
      more_now = more_q[Answer*BeatBits+:BeatBits];
      answer_q <= valid_q[Answer-1] & more_soon <= BeatBits'(LastMore);
      distance_q <= job_q[(Answer-1)*JobBits+:JobBits] - asked_q;
      if (valid_q[Answer] & more_now <= BeatBits'(LastMore)) begin
        answers_q[job_q[Answer*JobBits+:JobBits]] <=
            {found_q[3] & (LastMore == 0 | more_now != '0),
             {1'b0, found_at_q[3*OptionBits+:OptionBits]} + FoundBits'(2)};
      end

      for (p = 0; p < Columns; p = p + 1) begin
        if (walk_load[2*p+Pass]) begin
          passed_q[p] <= found_q[p];
          passed_at_q[p*OptionBits+:OptionBits] <= found_at_q[p*OptionBits+:OptionBits];
        end
      end
      // The walk's first counts.
      for (p = 0; p < Columns; p = p + 1) begin
        previous = p == 0 ? Columns - 1 : p - 1;
        column = (FirstColumn + p) % Columns;
        if (walk_load[2*p+Find]) begin
          found = passed_q[previous] & ~(p == 0 & first_q[Find]);
          found_q[p] <= found | fits_q[p];
          found_at_q[p*OptionBits+:OptionBits] <= found ? passed_at_q[previous*OptionBits+:OptionBits] :
              {number_q[(2*p+Find)*BeatBits+:BeatBits], ColumnBits'(column), fits_at_q[4*p+:4]};
        end
      end
      for (p = 0; p < Columns; p = p + 1) begin
        column = (FirstColumn + p) % Columns;
        if (walk_load[2*p]) starts_q1[4*p+:4] <= starts_q[at_q[2*p*AtBits+:AtBits]][4*column+:4];
      end

      // Who enters: a walk that goes on, or one from the queue.
      again = again_q;
      {at, more} = waits ? {front_at, front_more} : {job_at_i, job_more_i};
      number = '0;
      job = next_q;
      if (again) begin
        at = at_q[(Slots-1)*AtBits+:AtBits];
        more = more_q[(Slots-1)*BeatBits+:BeatBits] - 1'b1;
        number = number_q[(Slots-1)*BeatBits+:BeatBits];
        job = job_q[(Slots-1)*JobBits+:JobBits];
      end
      valid_q <= {valid_q[End-1:0], again | waits | job_i};
      again_q <= valid_q[Slots-2] & more_q[(Slots-2)*BeatBits+:BeatBits] > BeatBits'(LastMore);
      first_q <= {first_q[Find-1:0], ~again};
      job_q <= {job_q[CarriedEnd*JobBits-1:0], job};
      more_q <= {more_q[CarriedEnd*BeatBits-1:0], more};
      // Column 0 is the next beat's; its number is needed as late as the finding.
      at_q <= {at_q[(Slots-1)*AtBits-1:Turn*AtBits], at_q[(Turn-1)*AtBits+:AtBits] + 1'b1,
               at_q[(Turn-1)*AtBits-1:0], at};
      number_q <= {number_q[(Slots-2+Find)*BeatBits-1:(Turn+Check)*BeatBits],
                   number_q[(Turn+Check-1)*BeatBits+:BeatBits] + 1'b1, number_q[(Turn+Check-1)*BeatBits-1:0], number};

      if ((waits | job_i) & ~again) next_q <= next_q + 1'b1;
    end
    if (!rst_ni) begin
      answer_q <= 1'b0;
      valid_q <= '0;
      again_q <= 1'b0;
      next_q <= '0;
    end
  end

endmodule
