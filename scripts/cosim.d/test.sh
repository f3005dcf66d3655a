# Sourced by scripts/cosim: `scripts/cosim test`. For split and for packed rings, one server and three guests after each
# other: the checks of tb/cosim/guest/checks; one that reboots under load and whose QEMU is then killed; and the checks'
# simplest part again with a third QEMU. Prints a line a check and a summary.
# shellcheck shell=bash disable=SC2154  # set by scripts/cosim, fetch.sh and boot.sh

passed=0 failures=0

# report <layout> <name> <0: passed> [what was seen]
report() {
  if [ "$3" = 0 ]; then
    echo "ok    $1: $2"
    passed=$((passed + 1))
  else
    echo "FAIL  $1: $2"
    [ -z "${4:-}" ] || printf '        %s\n' "${4//$'\n'/$'\n'        }"
    failures=$((failures + 1))
  fi
}

# Starts QEMU in the background: boot <layout> <guest script> <options of QEMU ...>; sets guest_pid
boot() {
  local layout=$1 script=$2
  shift 2
  : >"$work/status"
  make_initrd "$work/initrd" "$top/tb/cosim/guest/$script"
  (
    trap - EXIT
    run_qemu "$work/initrd" 4 "layout=$layout url=$url sha256=$sha256" -device "$(card_device)" -serial stdio \
      -serial "file:$work/status" "$@"
  ) </dev/null >"$work/console" 2>&1 &
  guest_pid=$!
}

console_end() { tail -n 15 "$work/console"; }

# guest_checks <layout> <what the guest is>: its lines become this test's; a guest that ends early is a failure too
guest_checks() {
  local layout=$1 word rest ended=0 count=0
  wait_for_end "$guest_pid" 100 || ended=1
  while read -r word rest; do
    case $word in
      ok) report "$layout" "$rest" 0 ;;
      FAIL) report "$layout" "${rest%% | *}" 1 "${rest#* | }" ;;
      *) continue ;;
    esac
    count=$((count + 1))
  done < <(tr -d '\r' <"$work/console")
  if [ "$ended" != 0 ] || [ "$count" = 0 ] || ! grep -q '^exit' "$work/status"; then
    report "$layout" "$2 powers off after its checks" 1 "$(console_end)"
  else
    report "$layout" "$2 powers off after its checks" 0
  fi
}

# times_up <n>: waits until the guest has come up n times
times_up() {
  local tries
  for ((tries = 0; tries < 600; ++tries)); do
    [ "$(grep -c up "$work/status")" -lt "$1" ] || return 0
    kill -0 "$guest_pid" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}

reboot_and_kill() {
  local seen=0
  times_up 1 && times_up 2 || seen=1
  report "$1" "the guest reboots under load and comes up again" "$seen" "$(console_end)"
  sleep 0.5 # into the transfers that follow
  kill -KILL "$guest_pid" 2>/dev/null || true
  wait "$guest_pid" 2>/dev/null || true
  kill -0 "$server_pid" 2>/dev/null
  report "$1" "the server survives a QEMU that is killed under load" $?
}

test_layout() {
  local layout=$1 status=0
  shift
  start_server --queues 4 "$@" || {
    report "$layout" "the server starts" 1
    return
  }
  boot "$layout" checks -no-reboot
  guest_checks "$layout" "the first guest"
  boot "$layout" busy
  reboot_and_kill "$layout"
  boot "$layout" again -no-reboot
  guest_checks "$layout" "the guest of the next QEMU"
  stop_server || status=$?
  report "$layout" "the server ends with status 0" "$status" "$(tail -n 15 "$server_log")"
  status=0
  ! grep -E 'ring fault|unexpected|mapped it privately|cannot tell' "$server_log" >/dev/null || status=1
  report "$layout" "the server has seen no ring fault and reached guest memory directly" "$status" "$(<"$server_log")"
}

run_tests() {
  set +e
  local start=$SECONDS
  head -c 4194304 /dev/urandom >"$work/data"
  sha256=$(sha256sum <"$work/data" | cut -d' ' -f1)
  "$top/scripts/cosim.d/transfer-server" "$work/data" "$work/port" &
  local transfer_pid=$! tries
  for ((tries = 0; tries < 100; ++tries)); do
    [ ! -s "$work/port" ] || break
    sleep 0.1
  done
  [ -s "$work/port" ] || fail "the transfer server does not start"
  url=http://10.0.2.2:$(<"$work/port")/data
  echo "Linux $(<"$cache/guest/release"), $("${qemu[@]}" --version | head -n 1), $accelerator"
  test_layout split
  test_layout packed --features +ring_packed
  kill "$transfer_pid"
  wait "$transfer_pid" 2>/dev/null
  echo "$passed checks passed, $failures failed, $((SECONDS - start)) s"
  [ "$failures" = 0 ]
}
