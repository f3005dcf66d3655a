rss_pkg.sv
toeplitz_table_group.sv
toeplitz_table_hash.sv
