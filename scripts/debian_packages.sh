# Sourced: packages of Debian 13 unpacked into the folder $cache, never installed. apt runs with a state and a
# configuration of its own and without root, so that the machine's apt stays as it is. Signatures are checked as ever.
# Whoever sources this has set cache and has a function fail that prints its arguments and ends the program.
# shellcheck shell=bash disable=SC2154  # cache

# The Debian mirror of the machine's own apt sources: the one that has main of the installed release.
debian_mirror() {
  local codename
  if [ -n "${RSSNIC_MIRROR:-}" ]; then
    echo "$RSSNIC_MIRROR"
    return
  fi
  codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  # shellcheck disable=SC2016  # apt's own variables
  apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk -v name="$codename" '($1 == name || $1 ~ /^(stable|oldstable)$/) && $2 == "main" && $3 !~ /^cdrom:/ {
      print $3; exit }'
}

# Prepares the private apt and gets its package lists, once a run.
apt_ready=
prepare_apt() {
  [ -z "$apt_ready" ] || return 0
  command -v apt-get >/dev/null || fail "apt-get is missing: Debian 12 or 13 is needed to fetch packages"
  local key=/usr/share/keyrings/debian-archive-keyring.gpg mirror
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || fail "apt's sources name no Debian mirror; set RSSNIC_MIRROR to the address of one"
  apt_home=$cache/apt
  rm -rf "$apt_home"
  mkdir -p "$apt_home"/{tmp,parts,lists/partial,archives/partial}
  : >"$apt_home/status"
  printf 'deb [arch=amd64 signed-by=%s] %s %s main\n' "$key" "$mirror" trixie "$key" "$mirror" trixie-backports \
    >"$apt_home/sources.list"
  {
    cat <<CONFIGURATION
Dir::Etc::Main "/dev/null";
Dir::Etc::Parts "$apt_home/parts";
Dir::Etc::SourceList "$apt_home/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State "$apt_home";
Dir::State::Lists "$apt_home/lists";
Dir::State::Status "$apt_home/status";
Dir::Cache "$apt_home";
Dir::Cache::Archives "$apt_home/archives";
APT::Architecture "amd64";
APT::Architectures:: "amd64";
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Debug::NoLocking "true";
CONFIGURATION
    apt-config dump | grep -E '^Acquire::(https?|ftp|Check-)' || true # proxies and the like
  } >"$apt_home/apt.conf"
  echo "Fetching the package lists of Debian 13 ..." >&2
  private_apt apt-get -qq update || fail "the package lists could not be fetched"
  apt_ready=yes
}

private_apt() { TMPDIR=$apt_home/tmp APT_CONFIG=$apt_home/apt.conf "$@"; }

# unpack_archives <folder>: all that has been downloaded
unpack_archives() {
  local archive
  mkdir -p "$1"
  for archive in "$apt_home"/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$archive" | tar -x -C "$1" --keep-directory-symlink --no-same-owner
    rm "$archive"
  done
}

# download <apt-get's command and arguments ...>
download() {
  private_apt apt-get -y -qq --download-only "$@" >"$apt_home/log" 2>&1 || fail "$(tail -n 5 "$apt_home/log")"
}
