# Sourced by scripts/cosim: provides a QEMU with vfio-user-pci and a guest (kernel, base archive) in the folder $cache.
# Debian packages are unpacked there, never installed: apt runs with a state and a configuration of its own and without
# root, so that the machine's apt stays as it is. Signatures are checked as ever. What is there is not fetched again.
# shellcheck shell=bash disable=SC2154  # cache and top are set by scripts/cosim

readonly guest_packages=(busybox-static ethtool iproute2 iperf3 pciutils tcpdump)
readonly guest_programs=(usr/sbin/ethtool usr/bin/ip usr/sbin/tc usr/bin/iperf3 usr/bin/lspci usr/bin/setpci
  usr/bin/tcpdump)
readonly guest_modules=(virtio_net 8021q)
readonly libraries=usr/lib/x86_64-linux-gnu
readonly loader=usr/lib64/ld-linux-x86-64.so.2

fail() {
  echo "cosim: $*" >&2
  exit 1
}

# shellcheck source=scripts/debian_packages.sh
. "$top/scripts/debian_packages.sh"

has_vfio_user() { "$@" -device help 2>/dev/null | grep -q '"vfio-user-pci"'; }

# Sets the array qemu: $QEMU where it has the device, the installed one, or one that is unpacked from trixie-backports.
find_qemu() {
  if [ -n "${QEMU:-}" ]; then
    has_vfio_user "$QEMU" || fail "QEMU is '$QEMU', which has no vfio-user-pci: 11.1 or later is needed"
    qemu=("$QEMU")
    return
  fi
  qemu=(qemu-system-x86_64)
  ! has_vfio_user "${qemu[@]}" || return 0
  local tree=$cache/qemu
  if [ ! -e "$tree" ]; then
    prepare_apt
    echo "Fetching QEMU ..." >&2
    download -t trixie-backports install qemu-system-x86
    rm -rf "$tree.new"
    unpack_archives "$tree.new"
    mv "$tree.new" "$tree"
  fi
  # Through its own loader: the program's C library is newer than that of Debian 12.
  qemu=(env "QEMU_MODULE_DIR=$tree/$libraries/qemu" "$tree/$loader" --library-path "$tree/$libraries"
    "$tree/usr/bin/qemu-system-x86_64" -L "$tree/usr/share/seabios" -L "$tree/usr/share/qemu"
    -L "$tree/usr/lib/ipxe/qemu")
  has_vfio_user "${qemu[@]}" || fail "the QEMU in $tree has no vfio-user-pci; remove that folder to fetch it again"
}

# make_archive <tree> <kernel release> <file>: the guest's programs and modules as an initramfs, without /init
make_archive() {
  local tree=$1 release=$2 root=$1.root program file name
  rm -rf "$root"
  mkdir -p "$root"/{bin,dev,etc,lib/modules,lib64,proc,root,run,sys,tmp,"$libraries"}
  cp "$tree/usr/bin/busybox" "$root/bin/"
  for name in $("$root/bin/busybox" --list); do
    [ "$name" = busybox ] || ln -s busybox "$root/bin/$name"
  done
  cp -L "$tree/$loader" "$root/lib64/"
  cp -L "$tree/$libraries/libgcc_s.so.1" "$root/$libraries/" # pthread_exit loads it by name
  for program in "${guest_programs[@]}"; do
    cp -L --remove-destination "$tree/$program" "$root/bin/"
    "$tree/$loader" --library-path "$tree/$libraries" --list "$tree/$program" |
      sed -n "s#.*=> $tree/$libraries/\([^ ]*\) .*#\1#p" | while read -r name; do
      cp -Lu "$tree/$libraries/$name" "$root/$libraries/"
    done
  done
  PATH=$PATH:/usr/sbin:/sbin
  depmod -b "$tree" "$release" 2>/dev/null # it misses the lists of what is built in
  for name in "${guest_modules[@]}"; do
    modprobe -d "$tree" -S "$release" --show-depends "$name" | while read -r _ file _; do
      name=$(basename "$file")
      name=${name%%.*}
      ! grep -qsx "$name" "$root/lib/modules/order" || continue
      case $file in
        *.xz) xz -dc "$file" ;;
        *.zst) zstd -qdc "$file" ;;
        *) cat "$file" ;;
      esac >"$root/lib/modules/$name.ko"
      echo "$name" >>"$root/lib/modules/order"
    done
  done
  (cd "$root" && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet) >"$3"
  rm -rf "$root"
}

# Provides $cache/guest with vmlinux, base.cpio and release. The kernel is the newest of trixie-backports: that of
# trixie, 6.12, sends the RSS key one byte late.
find_guest() {
  local tree=$cache/guest.tree new=$cache/guest.new release
  [ ! -e "$cache/guest" ] || return 0
  prepare_apt
  release=$(private_apt apt-cache search --names-only '^linux-binary-[0-9].*-cloud-amd64$' |
    sed 's/ .*//; s/^linux-binary-//' | sort -V | tail -n 1)
  [ -n "$release" ] || fail "trixie-backports has no linux-binary-...-cloud-amd64"
  echo "Fetching the guest: Linux $release, ${guest_packages[*]} ..." >&2
  download install "${guest_packages[@]}"
  (cd "$apt_home/archives" && download download "linux-binary-$release" "linux-modules-$release")
  rm -rf "$tree" "$new"
  unpack_archives "$tree"
  [ -e "$tree/lib" ] || ln -s usr/lib "$tree/lib"
  mkdir "$new"
  make_archive "$tree" "$release" "$new/base.cpio"
  python3 "$top/scripts/cosim.d/extract-vmlinux" "$tree/usr/lib/modules/$release/vmlinuz" "$new/vmlinux"
  echo "$release" >"$new/release"
  rm -rf "$tree"
  mv "$new" "$cache/guest"
}

# Everything, one caller at a time.
fetch() {
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock 9
  find_qemu
  find_guest
  [ -z "$apt_ready" ] || rm -rf "$apt_home"
  exec 9>&-
}
