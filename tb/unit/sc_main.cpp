// Entry of test programs that link SystemC: libsystemc has main() and calls sc_main().
#include <gtest/gtest.h>

#include <systemc>

int sc_main(int count, char* values[]) {
  testing::InitGoogleTest(&count, values);
  return RUN_ALL_TESTS();
}
