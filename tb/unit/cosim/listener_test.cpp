// The listening socket: who may connect, and what may lie at its path.
#include "tb/cosim/listener.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tb/unit/cosim/server_bench.h"

namespace rssnic::test {
namespace {

TEST(CosimListener, OnlyItsOwnerMayConnect) {
  const cosim::Listener listener(socket_path());
  struct stat status {};
  ASSERT_EQ(::stat(socket_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(CosimListener, TheFileGoesWithIt) {
  { const cosim::Listener listener(socket_path()); }
  EXPECT_FALSE(std::filesystem::exists(socket_path()));
}

TEST(CosimListener, AStaleSocketIsReplaced) {
  const std::string path = socket_path();
  {
    const FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ASSERT_TRUE(std::filesystem::exists(path)) << "as a server that was killed leaves it";
  cosim::Listener listener(path);
  Client client(path);
  EXPECT_TRUE(listener.accept());
}

TEST(CosimListener, ASocketInUseIsLeftAlone) {
  cosim::Listener first(socket_path());
  try {
    const cosim::Listener second(socket_path());
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("another server"), std::string::npos);
  }
  EXPECT_TRUE(std::filesystem::exists(socket_path()));
}

TEST(CosimListener, AFileThatIsNoSocketIsLeftAlone) {
  std::ofstream(socket_path()) << "precious";
  EXPECT_THROW(cosim::Listener listener(socket_path()), std::runtime_error);
  EXPECT_EQ(std::filesystem::file_size(socket_path()), 8u);
  std::filesystem::remove(socket_path());
}

TEST(CosimListener, APathThatNoSocketCanHaveIsNamed) {
  EXPECT_THROW(cosim::Listener listener(""), std::runtime_error);
  EXPECT_THROW(cosim::Listener listener("/tmp/" + std::string(200, 'x')), std::runtime_error);
  EXPECT_THROW(cosim::Listener listener("/nonexistent-folder/x.sock"), std::runtime_error);
}

}  // namespace
}  // namespace rssnic::test
