# Sourced by scripts/cosim: `scripts/cosim test`. For split and for packed rings two servers and four guests: one on a wire
# that loops back (tb/cosim/guest/wire), three after each other on the user network (checks, busy, compare), and at last
# a guest with QEMU's own card. Prints a line a check, the differences between the two cards and a summary.
# shellcheck shell=bash disable=SC2154  # set by scripts/cosim, fetch.sh and boot.sh

readonly mac=52:54:00:72:73:73
readonly qemu_card=mac=$mac,mq=on,rss=on,hash=on,vectors=10,disable-legacy=on,romfile=
passed=0 failures=0 group=''

group() {
  group=$1
  echo "$group"
}

# report <name> <0: passed> [what was seen]
report() {
  if [ "$2" = 0 ]; then
    echo "  ok    $1"
    passed=$((passed + 1))
  else
    echo "  FAIL  $1"
    [ -z "${3:-}" ] || printf '          %s\n' "${3//$'\n'/$'\n'          }"
    failures=$((failures + 1))
  fi
  printf '%s\t%s\t%s\n' "$2" "$group" "$1" >>"$work/results"
}

# ---- the host's end of the guest's second serial port

# The newest statistics of the server, as NAME=NUMBER; asks for them and waits for their last line.
card_statistics() {
  local seen tries
  seen=$(grep -c '^ *resets' "$server_log")
  kill -USR1 "$server_pid" || return
  for ((tries = 0; tries < 100; ++tries)); do
    [ "$(grep -c '^ *resets' "$server_log")" = "$seen" ] || break
    sleep 0.02
  done
  awk '/^statistics/ { split("", seen) }
    $1 == "commands" { seen["commands"] = $2; seen["refused"] = $4 }
    $1 == "resets" { seen["resets"] = $2; seen["queue_resets"] = $6 }
    END { for (name in seen) printf "%s=%d ", name, seen[name]; print "" }' "$server_log"
}

# cpu_seconds <process>: used so far; 0 where there is none
cpu_seconds() {
  local fields
  read -r fields 2>/dev/null <"/proc/${1:-none}/stat" || fields=
  awk -v ticks="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); printf "%.2f", ($12 + $13) / ticks }' <<<"${fields:-0) }"
}

# Answers until it is killed. What the guest says without asking goes to $work/status: "exit STATUS" of its script.
answer_guest() {
  local word rest
  trap - EXIT
  while read -r word rest <&"$from_guest"; do
    case ${word%$'\r'} in
      statistics) card_statistics ;;
      cable) kill -USR2 "$server_pid" && echo "done" ;;
      frames) "${namespace[@]}" "$work/send_frames" tap0 "$work/flows.pcap" && echo sent ;;
      cpu) echo "$(cpu_seconds "$server_pid") $(cpu_seconds "$guest_pid")" ;;
      up) echo up >>"$work/status" && echo noted ;;
      *) echo "$word ${rest%$'\r'}" >>"$work/status" ;;
    esac >&"$to_guest"
  done
}

# boot <guest script> <words for the kernel> <options of QEMU ...>: in the background; sets guest_pid
boot() {
  local script=$1 words=$2
  shift 2
  : >"$work/status"
  : >"$work/console"
  rm -f "$work"/host.{in,out}
  mkfifo "$work"/host.{in,out}
  make_initrd "$work/initrd" "$top/tb/cosim/guest/$script" "$top/tb/cosim/guest/library" "$work/send_frames" \
    "$work/flows.pcap"
  (
    trap - EXIT
    run_qemu "$work/initrd" 4 "url=$url sha256=$sha256 iperf=$iperf_port $words" -serial stdio \
      -chardev "pipe,id=host,path=$work/host" -serial chardev:host "$@"
  ) </dev/null >"$work/console" 2>&1 &
  guest_pid=$!
  exec {from_guest}<>"$work/host.out" {to_guest}<>"$work/host.in"
  answer_guest &
  answer_pid=$!
}

guest_ended() {
  kill "$answer_pid" 2>/dev/null
  wait "$answer_pid" 2>/dev/null
  exec {from_guest}<&- {to_guest}>&-
}

console_end() { tail -n 15 "$work/console" | cut -c 1-200; }

# take_checks: lines "ok NAME" and "FAIL NAME | WHAT WAS SEEN" of the standard input become this test's
take_checks() {
  local word rest
  while read -r word rest; do
    case $word in
      ok) report "$rest" 0 ;;
      FAIL) report "${rest%% | *}" 1 "${rest#* | }" ;;
    esac
  done
}

# guest_checks <seconds> <file>: the guest's checks as it makes them; a guest that does not come to its end is a failure
# too. Its console goes to the file.
guest_checks() {
  local before=$((passed + failures)) ended=0
  take_checks < <(timeout "$1" tail -s 0.2 -n +1 -f --pid="$guest_pid" "$work/console" | stdbuf -oL tr -d '\r')
  wait_for_end "$guest_pid" 2 || ended=1
  tr -d '\r' <"$work/console" >"$2"
  guest_ended
  [ "$ended" = 0 ] && [ $((passed + failures)) -gt "$before" ] && grep -q '^exit' "$work/status"
  report "the guest powers off after its checks" $? "$(console_end)"
}

# ---- the servers

server_starts() {
  start_server --queues 4 --mac "$mac" "$@" && return
  report "the server starts" 1
  return 1
}

server_ends() {
  local status=0
  stop_server || status=$?
  report "the server ends with status 0" "$status" "status $status"$'\n'"$(tail -n 15 "$server_log")"
  status=0
  ! grep -E 'ring fault|unexpected|mapped it privately|cannot tell' "$server_log" >/dev/null || status=1
  report "the server has seen no ring fault and reached guest memory directly" "$status" "$(<"$server_log")"
}

compare_flows() { "$top/scripts/cosim.d/flows" compare "$top/build/release/rssnic" "$work/flows.pcap" "$1" 2>&1; }

test_wire() {
  local layout=$1
  shift
  group "$layout rings, a wire that loops back"
  server_starts --wire loopback "$@" || return
  boot wire "no-network mac=$mac frames=$frames shortest=$shortest" -no-reboot -device "$(card_device)"
  guest_checks 150 "$work/wire.log"
  take_checks < <(compare_flows "$work/wire.log")
  server_ends
}

# times_up <n>: waits until the guest has come up n times
times_up() {
  local tries
  for ((tries = 0; tries < 900; ++tries)); do
    [ "$(grep -c up "$work/status")" -lt "$1" ] || return 0
    kill -0 "$guest_pid" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}

reboot_and_kill() {
  times_up 1 && times_up 2
  report "the guest reboots under load and comes up again" $? "$(console_end)"
  sleep 1 # into the transfers that follow
  kill -KILL "$guest_pid" 2>/dev/null || true
  wait "$guest_pid" 2>/dev/null || true
  guest_ended
  kill -0 "$server_pid" 2>/dev/null
  report "the server survives a QEMU that is killed under load" $?
}

test_network() {
  local layout=$1
  shift
  group "$layout rings, user network"
  server_starts "$@" || return
  boot checks "layout=$layout" -no-reboot -device "$(card_device)"
  guest_checks 150 "$work/checks.log"
  boot busy "" -device "$(card_device)"
  reboot_and_kill
  boot compare "" -no-reboot -device "$(card_device)"
  guest_checks 100 "$work/card.$layout.log"
  server_ends
}

# QEMU's own card on a user network of its own, which has one queue pair at most.
test_qemu() {
  group "QEMU's own virtio-net-pci, split rings, user network"
  boot compare "" -no-reboot -netdev user,id=user -device "virtio-net-pci,netdev=user,$qemu_card"
  guest_checks 100 "$work/qemu.log"
}

# The same flows through QEMU's own card on a tap, since only there it has several queues and reports hashes. The tap lies
# in a network namespace of its own, with a user namespace around it, so that no rights are needed.
test_qemu_steering() {
  group "QEMU's own virtio-net-pci, split rings, a tap"
  local enter
  unshare --user --map-root-user --net sleep 600 2>/dev/null &
  local holder=$!
  sleep 0.3
  enter=(nsenter --target "$holder" --user --net --preserve-credentials)
  if ! "${enter[@]}" sh -c 'ip tuntap add tap0 mode tap multi_queue vnet_hdr && ip link set tap0 up' 2>"$work/tap.log"; then
    echo "  --    its steering is not compared: a tap cannot be made here: $(tail -n 1 "$work/tap.log")"
  else
    namespace=("${enter[@]}")
    boot wire "no-network sender=host mac=$mac frames=$frames shortest=$shortest" -no-reboot \
      -netdev tap,id=tap,ifname=tap0,script=no,downscript=no,vhost=off,queues=4 \
      -device "virtio-net-pci,netdev=tap,$qemu_card"
    guest_checks 100 "$work/tap.log"
    namespace=()
    take_checks < <(compare_flows "$work/tap.log")
  fi
  kill "$holder" 2>/dev/null
  wait "$holder" 2>/dev/null
}

# ---- what the host runs beside the guests

wait_for_file() {
  local tries
  for ((tries = 0; tries < 100; ++tries)); do
    [ ! -s "$1" ] || return 0
    sleep 0.1
  done
  fail "$2 does not start"
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# The guest's iperf3, with its own C library.
start_iperf() {
  local root=$work/iperf
  mkdir "$root"
  (cd "$root" && cpio -id --quiet bin/iperf3 "$loader" "lib64/*" "$libraries/*" <"$cache/guest/base.cpio")
  iperf_port=$(free_port)
  "$root/lib64/$(basename "$loader")" --library-path "$root/$libraries" "$root/bin/iperf3" --server --bind 127.0.0.1 \
    --port "$iperf_port" --forceflush >"$work/iperf.log" 2>&1 &
  iperf_pid=$!
  wait_for_file "$work/iperf.log" iperf3
}

start_transfer_server() {
  head -c 12582912 /dev/urandom | base64 -w 0 >"$work/data" # text: busybox' wget ends what it sends at a zero byte
  sha256=$(sha256sum <"$work/data" | cut -d' ' -f1)
  "$top/scripts/cosim.d/transfer-server" "$work/data" "$work/port" &
  transfer_pid=$!
  wait_for_file "$work/port" "the transfer server"
  url=http://10.0.2.2:$(<"$work/port")/data
}

# run_tests [file for the summary as JSON]
run_tests() {
  set +e
  local start=$SECONDS seed=$RANDOM
  : >"$work/results"
  start_transfer_server
  start_iperf
  ${CXX:-c++} -std=c++17 -O2 -static -o "$work/send_frames" "$top/tb/cosim/guest/send_frames.cpp" ||
    fail "the guest's program cannot be built"
  read -r frames shortest < <("$top/scripts/cosim.d/flows" make "$seed" "$mac" "$work/flows.pcap")
  local description
  description="Linux $(<"$cache/guest/release"), $("${qemu[@]}" --version | head -n 1), $accelerator"
  echo "$description; flows of seed $seed"
  test_wire split
  test_network split
  test_qemu
  test_qemu_steering
  test_wire packed --features +ring_packed
  test_network packed --features +ring_packed
  kill "$transfer_pid" "$iperf_pid"
  wait "$transfer_pid" "$iperf_pid" 2>/dev/null
  "$top/scripts/cosim.d/summary" "$description" "$work/results" $((SECONDS - start)) "$work/card.split.log" \
    "$work/qemu.log" ${1:+"$1"}
  report "both cards have been compared, and every difference has a reason" $?
  echo "$passed checks passed, $failures failed, $((SECONDS - start)) s"
  [ "$failures" = 0 ]
}
