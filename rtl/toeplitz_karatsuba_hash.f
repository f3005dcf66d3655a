rss_pkg.sv
toeplitz_leaf.sv
toeplitz_karatsuba_hash.sv
