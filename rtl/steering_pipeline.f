rss_pkg.sv
report_pkg.sv
config_bank.sv
field_select.sv
toeplitz_hash.sv
indirection_table.sv
steering_pipeline.sv
