// Looks for home addresses (RFC 6275, 6.3) in the destination options of whole frames. The first good one wins: the right
// length, within its header. What a walk meets ends it, whether it is good or not: a header whose first home address
// option does not fit has none.
//
// Columns of 16 bytes stand in a ring, and a walk goes through one a clock, once around for each beat of its frame. So
// there are as many walks on their way as columns, and they keep up with a beat a clock: a frame's walk takes as many
// rounds as the frame has had clocks to come in. Walks that must wait for a place in the ring do so in a queue, some
// clocks at most; it has room for all jobs that have numbers.
//
//   job -> | column 0 | -> | column 1 | -> ... | last column | -> answer, or column 0 with the frame's next beat
//
// Beats (write_*) and the words at which headers begin (starts_*) come before their frame's job. A job's number is
// cleared before it is asked for, and its answer stays until it is cleared again.
module home_address_search #(
    parameter int BeatBytes   = 64,
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
    input  logic                                 starts_write_i,
    input  logic [AtBits-1:0]                    starts_at_i,
    input  logic [BeatBytes/4-1:0]               starts_i,
    // a frame to be searched: its first beat, and how many more there are
    input  logic                                 job_i,
    input  logic [JobBits-1:0]                   job_number_i,
    input  logic [AtBits-1:0]                    job_at_i,
    input  logic [BeatBits-1:0]                  job_more_i,
    // from here on the number has no answer
    input  logic                                 clear_i,
    input  logic [JobBits-1:0]                   clear_number_i,
    // answers that are there, by number, and the one to number_i
    output logic [2**JobBits-1:0]                answered_o,
    input  logic [JobBits-1:0]                   number_i,
    output logic                                 found_o,
    output logic [$clog2(BeatBytes)+BeatBits:0]  found_at_o  // the address's first byte in the frame's beats
);

  localparam int Columns = BeatBytes / 16;
  localparam int ColumnBits = $clog2(Columns);
  localparam int Step = 9;  // clocks from a column's address to its step; one behind it is the check, then the finding
  localparam int Checked = Columns + Step + 1;
  localparam int FoundBits = $clog2(BeatBytes) + BeatBits + 1;

  // The queue.
  localparam int QueuedBits = JobBits + AtBits + BeatBits;
  logic queued, taken;
  logic [QueuedBits-1:0] queued_job;

  result_fifo #(
      .Bits(QueuedBits), .Depth(2 ** JobBits)
  ) u_queue (
      .clk_i, .rst_ni, .in_valid_i(job_i), .in_i({job_number_i, job_at_i, job_more_i}),
      .out_valid_o(queued), .out_ready_i(taken), .out_o(queued_job)
  );

  // The ring's front, where addresses are; slice n of these is n clocks behind column 0. more: beats to come.
  logic [Checked+1:0] valid_q, first_q;
  logic [Columns*AtBits-1:0] at_q;
  logic [(Checked+2)*BeatBits-1:0] more_q;
  logic [(Checked+1)*BeatBits-1:0] number_q;
  logic [(Checked+2)*JobBits-1:0] job_q;
  logic again;

  assign again = valid_q[Columns-1] & more_q[(Columns-1)*BeatBits+:BeatBits] != '0;
  assign taken = ~again;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= '0;
    else valid_q <= {valid_q[Checked:0], again | queued};
  end

  always_ff @(posedge clk_i) begin : ring
    logic [JobBits-1:0] job;
    logic [AtBits-1:0] at;
    logic [BeatBits-1:0] more, number;
    if (queued || valid_q[Checked:0] != '0 || HoldIdle == 0) begin
      {job, at, more} = queued_job;
      number = '0;
      if (again) begin
        job = job_q[(Columns-1)*JobBits+:JobBits];
        at = at_q[(Columns-1)*AtBits+:AtBits] + 1'b1;
        more = more_q[(Columns-1)*BeatBits+:BeatBits] - 1'b1;
        number = number_q[(Columns-1)*BeatBits+:BeatBits] + 1'b1;
      end
      first_q <= {first_q[Checked:0], ~again};
      job_q <= {job_q[(Checked+1)*JobBits-1:0], job};
      at_q <= {at_q[(Columns-1)*AtBits-1:0], at};
      more_q <= {more_q[(Checked+1)*BeatBits-1:0], more};
      number_q <= {number_q[Checked*BeatBits-1:0], number};
    end
  end

  // The columns. Slice c of these is behind column c.
  logic [Columns-1:0] looked /* verilator split_var */, here /* verilator split_var */;
  logic [Columns*PlaceBits-1:0] place /* verilator split_var */;
  logic [Columns*PointerBits-1:0] room /* verilator split_var */;
  logic [Columns-1:0] fits_q, found_q;
  logic [4*Columns-1:0] fits_at_q;
  logic [Columns*FoundBits-1:0] found_at_q;

  for (genvar c = 0; c < Columns; c = c + 1) begin : g_column
    localparam int Before = c == 0 ? Columns - 1 : c - 1;
    logic fresh;
    assign fresh = c == 0 & first_q[Step];

    option_column #(
        .PlaceBits(PlaceBits), .PointerBits(PointerBits), .AtBits(AtBits)
    ) u_column (
        .clk_i,
        .write_i, .write_at_i, .bytes_i(beat_i[128*c+:136]),
        .starts_write_i, .starts_at_i, .starts_i(starts_i[4*c+:4]),
        .load_i(HoldIdle != 0 ? valid_q[c+:10] : {10{1'b1}}), .read_at_i(at_q[c*AtBits+:AtBits]),
        .here_i(here[Before] & ~fresh), .place_i(fresh ? {PlaceBits{1'b1}} : place[Before*PlaceBits+:PlaceBits]),
        .room_i(room[Before*PointerBits+:PointerBits]),
        .looked_o(looked[c]), .here_o(here[c]), .place_o(place[c*PlaceBits+:PlaceBits]), .room_o(room[c*PointerBits+:PointerBits])
    );

    // Is there an address, all of it within its header? An option takes 18 bytes, up to the next word.
    always_ff @(posedge clk_i) begin : check
      logic [3:0] byte_in_column;
      logic [5:0] words;
      if (valid_q[c+Step+1] || HoldIdle == 0) begin
        byte_in_column = place[c*PlaceBits+:4];
        words = (6'(byte_in_column) + 6'd21) >> 2;
        fits_q[c] <= looked[c] & (&place[c*PlaceBits+4+:PlaceBits-4]) & room[c*PointerBits+:PointerBits] >= PointerBits'(words);
        fits_at_q[4*c+:4] <= byte_in_column;
      end
    end

    // The walk's first counts.
    always_ff @(posedge clk_i) begin : find
      logic found;
      if (valid_q[c+Step+2] || HoldIdle == 0) begin
        found = found_q[Before] & ~(c == 0 & first_q[c+Step+2]);
        found_q[c] <= found | fits_q[c];
        found_at_q[c*FoundBits+:FoundBits] <= found ? found_at_q[Before*FoundBits+:FoundBits] :
            {1'b0, number_q[(c+Step+2)*BeatBits+:BeatBits], ColumnBits'(c), fits_at_q[4*c+:4]} + FoundBits'(2);
      end
    end
  end

  // Answers.
  logic [FoundBits:0] answers_q [2**JobBits];
  logic answer;
  logic [JobBits-1:0] answer_number;

  assign answer = valid_q[Checked+1] & more_q[(Checked+1)*BeatBits+:BeatBits] == '0;
  assign answer_number = job_q[(Checked+1)*JobBits+:JobBits];
  assign {found_o, found_at_o} = answers_q[number_i];

  always_ff @(posedge clk_i) begin
    if (answer) answers_q[answer_number] <= {found_q[Columns-1], found_at_q[(Columns-1)*FoundBits+:FoundBits]};
    if (clear_i) answered_o[clear_number_i] <= 1'b0;
    if (answer) answered_o[answer_number] <= 1'b1;
  end

endmodule
