rss_pkg.sv
field_select.sv
toeplitz_hash.sv
indirection_table.sv
steering_pipeline.sv
