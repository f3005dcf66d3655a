#include "tb/cli/interruption.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>

namespace rssnic::cli {
namespace {

std::atomic<bool> flag{false};
pthread_t main_thread;

// Libraries may have threads of their own. What blocks is in the main thread, so that is where a signal has to arrive.
bool passed_on(int signal) {
  if (pthread_equal(pthread_self(), main_thread)) return false;
  pthread_kill(main_thread, signal);
  return true;
}

// alarm() is among the few things that a handler may call. A call that begins to block after the first signal has been
// handled would wait for ever; the alarm comes back every second until nothing can block any more.
extern "C" void on_interrupt(int signal) {
  if (passed_on(signal)) return;
  flag = true;
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  alarm(1);
}
extern "C" void on_alarm(int signal) {
  if (!passed_on(signal)) alarm(1);
}

void handle(int signal, void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, SIGINT);
  sigaddset(&action.sa_mask, SIGTERM);
  sigaction(signal, &action, nullptr);
}

}  // namespace

const std::atomic<bool>& interrupted = flag;

void catch_interruption() {
  main_thread = pthread_self();
  handle(SIGALRM, on_alarm, 0);
  handle(SIGINT, on_interrupt, 0);
  handle(SIGTERM, on_interrupt, 0);
}

void expect_no_blocking() {
  alarm(0);
  std::signal(SIGALRM, SIG_IGN);
  if (flag) return;  // the next signal is the second one
  handle(SIGINT, on_interrupt, SA_RESTART);
  handle(SIGTERM, on_interrupt, SA_RESTART);
}

}  // namespace rssnic::cli
