// The steering engine around the Verilated pipeline alone: what runs when nobody draws a waveform. One of the two files
// that include a Verilated class; no file that sees one includes SystemC.
#include "model/steering/rtl_engine.h"

#include "Vreceive_steering.h"

namespace rssnic {

std::unique_ptr<SteeringEngine> make_rtl_engine() { return std::make_unique<RtlEngine<Vreceive_steering, NoTrace>>(); }

}  // namespace rssnic
