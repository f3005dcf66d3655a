# Sourced by scripts/cosim: runs the card's server and boots guests against it. Uses what fetch.sh provides; everything
# temporary lies in $work, and nothing outlives the command.
# shellcheck shell=bash disable=SC2154  # work, cache, top, qemu are set by scripts/cosim and fetch.sh

readonly socket=$work/nic.sock
server_pid=
server_log=$work/server.log
namespace=() # the command that enters another network namespace, where QEMU runs in one

# start_server <options of rssnic serve ...>
start_server() {
  "$top/build/release/rssnic" serve --socket "$socket" "$@" >"$server_log" 2>&1 &
  server_pid=$!
  local tries
  for ((tries = 0; tries < 100; ++tries)); do
    [ ! -S "$socket" ] || return 0
    kill -0 "$server_pid" 2>/dev/null || break
    sleep 0.1
  done
  cat "$server_log" >&2
  return 1
}

# Ends the server with its statistics in $server_log; its exit status is the function's.
stop_server() {
  local tries status=0
  kill -USR1 "$server_pid" 2>/dev/null || true
  for ((tries = 0; tries < 50; ++tries)); do
    ! grep -q '^statistics' "$server_log" || break
    sleep 0.1
  done
  kill "$server_pid" 2>/dev/null || true
  wait "$server_pid" || status=$?
  server_pid=
  return "$status"
}

# make_initrd <file> [script [more files ...]]: the base archive and this project's part, with the script as
# /guest-script; more files go to /, programs of the build to /bin
make_initrd() {
  local root=$1.root
  mkdir -p "$root/bin"
  install -m 755 "$top"/tb/cosim/guest/{init,network-up} "$root/"
  [ -z "${2:-}" ] || install -m 755 "$2" "$root/guest-script"
  [ $# -lt 3 ] || install -m 755 "${@:3}" "$root/"
  [ ! -e "$root/send_frames" ] || mv "$root/send_frames" "$root/bin/"
  (cd "$root" && find . -type f | cpio -o -H newc -R 0:0 --quiet) | cat "$cache/guest/base.cpio" - >"$1"
  rm -rf "$root"
}

# run_qemu <initrd> <cpus> <words for the kernel> <more options of QEMU ...>: becomes QEMU
run_qemu() {
  local initrd=$1 cpus=$2 words=$3
  shift 3
  exec ${namespace[@]+"${namespace[@]}"} "${qemu[@]}" -nodefaults -no-user-config -display none -m 512M -smp "$cpus" -cpu max -accel "$accelerator" \
    -machine q35,memory-backend=mem -object memory-backend-memfd,id=mem,size=512M,share=on \
    -kernel "$cache/guest/vmlinux" -initrd "$initrd" \
    -append "console=ttyS0 loglevel=3 panic=-1 reboot=t tsc=reliable no_timer_check $words" "$@"
}

card_device() {
  echo '{"driver":"vfio-user-pci","socket":{"type":"unix","path":"'"$socket"'"},"x-msg-timeout":600000}'
}

# Sets accelerator. KVM may be there and a guest still hang (nested virtualisation), so it is tried once per boot of the
# host: a guest that only powers off.
choose_accelerator() {
  accelerator=tcg
  [ -r /dev/kvm ] && [ -w /dev/kvm ] || return 0
  local answer=$cache/kvm boot
  boot=$(cat /proc/sys/kernel/random/boot_id)
  if ! grep -qs "^$boot " "$answer"; then
    echo "Trying KVM ..." >&2
    local initrd=$work/kvm.initrd verdict=no script=$work/kvm.script
    printf '#!/bin/sh\n/bin/poweroff -f\n' >"$script"
    make_initrd "$initrd" "$script"
    # No card and hence no eth0: the script is the whole of init.
    accelerator=kvm
    (
      trap - EXIT
      run_qemu "$initrd" 1 rdinit=/guest-script -no-reboot
    ) </dev/null >/dev/null 2>&1 &
    local probe=$!
    if wait_for_end "$probe" 15; then verdict=yes; fi
    echo "$boot $verdict" >"$answer"
  fi
  if grep -q ' yes$' "$answer"; then accelerator=kvm; else accelerator=tcg; fi
}

# wait_for_end <process> <seconds>: kills it when it takes longer; fails then, or with its exit status
wait_for_end() {
  local tries
  for ((tries = 0; tries < $2 * 10; ++tries)); do
    if ! kill -0 "$1" 2>/dev/null; then
      wait "$1"
      return
    fi
    sleep 0.1
  done
  kill -KILL "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
  return 1
}
