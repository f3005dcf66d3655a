// GTKWave's save file for a waveform: which signals in which groups, how they are shown, where to look first. The save
// file names the waveform by its file name alone, so the two may be moved together.
#pragma once
#include <cstdint>
#include <string>

#include "tb/check/scoreboard.h"

namespace rssnic::report {

// Cycles, first and last.
struct WaveWindow {
  Cycle from = 0, to = kNever;
};

// The window around a packet that differs: its way through the card with a margin that shows where its buffers came
// from and what followed. `noticed`: the cycle in which the difference was, the end for packets never delivered.
WaveWindow window_around(const check::PacketRow& row, Cycle noticed);

struct WaveView {
  std::uint64_t period_ps = 4000;
  Cycle from = 0, to = 0;                     // what is on the screen
  Cycle ingress = 0, steer = 0, deliver = 0;  // marked; 0: no mark
};

// What shows the way of this packet, up to the interrupt behind it. `last`: the last cycle recorded.
WaveView view_of(const check::PacketRow& row, std::uint64_t period_ps, Cycle last);

// Throws std::runtime_error when there is next to no room for a waveform where it is to lie: its writer could not tell.
void check_room_for_wave(const std::string& wave_path);
// Whether the file holds all blocks that an FST file needs, each of the length that it claims. Its writer does not say
// when a disk is full.
bool wave_is_complete(const std::string& wave_path);

// "run.fst" -> "run.gtkw"
std::string wave_save_path(const std::string& wave_path);
std::string wave_save_file(const std::string& wave_path, const WaveView& view);

}  // namespace rssnic::report
