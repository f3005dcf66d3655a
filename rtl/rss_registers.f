rss_pkg.sv
rss_registers_pkg.sv
axil_port.sv
event_counter.sv
traffic_counters.sv
staged_config.sv
rss_registers.sv
