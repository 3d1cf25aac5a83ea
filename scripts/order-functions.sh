#!/usr/bin/env bash
# Writes cmake/first-functions.ld: which functions adding and removing a container runs through, for
# the linker to put them side by side. The kernel maps a program's code in pieces of 64 KB as they
# are first touched, 3 microseconds each, so scattered over the whole file they cost more than to
# run them does.
#   scripts/order-functions.sh
# As root, with valgrind. To be run when the list has grown old: names that are gone do no harm, and
# what has come since is just not among the first.
set -euo pipefail
cd "$(dirname "$0")/.."

build=build/order
# Archives whose objects hold several functions in one section.
archives=(libc.a libm-2.36.a libgcc.a libnl-3.a libnftnl.a libmd.a libseccomp.a)

# In namespaces of its own: one attachment with a port, made and removed by the plugins and by the
# command. The profiles go to $1, one a step, in the order in which they matter.
profile() {
  local to=$1 step=0 bin=$PWD/$build/bin plugins=$PWD/$build/lib/cni
  follow() {
    step=$((step + 1))
    valgrind -q --tool=callgrind --demangle=no --compress-strings=no \
      --callgrind-out-file="$to/$step" "$@" 2>/dev/null
  }
  mount -t tmpfs tmpfs /run
  mkdir -p /run/netns /run/net.d
  export NETCONFPATH=/run/net.d CNI_PATH=$plugins NETCTL_CNI_STATE_DIR=/run/state
  ip link set lo up
  "$bin/netctl" ns add first >&2
  "$bin/netctl" ns add web >&2

  local network='{"cniVersion": "1.0.0", "name": "net", "type": "bridge", "bridge": "cni-order",
    "isGateway": true, "ipMasq": true,
    "ipam": {"type": "host-local", "dataDir": "/run/state", "subnet": "10.88.0.0/16"}}'
  local port='"runtimeConfig": {"portMappings": [{"hostPort": 8080, "containerPort": 80}]}'
  # A first one, so that bridges and tables are there as they are for most.
  CNI_COMMAND=ADD CNI_IFNAME=eth1 CNI_CONTAINERID=first CNI_NETNS=/run/netns/first \
    "$plugins/bridge" <<<"$network" >/dev/null
  export CNI_IFNAME=eth0 CNI_CONTAINERID=web CNI_NETNS=/run/netns/web
  local added chained
  added=$(CNI_COMMAND=ADD follow "$plugins/bridge" <<<"$network")
  chained="{\"cniVersion\": \"1.0.0\", \"name\": \"net\", \"type\": \"portmap\", $port,
    \"prevResult\": $added}"
  step=1  # that of the subshell
  CNI_COMMAND=ADD follow "$plugins/portmap" <<<"$chained" >/dev/null
  CNI_COMMAND=DEL follow "$plugins/portmap" <<<"$chained"
  CNI_COMMAND=DEL follow "$plugins/bridge" <<<"$network"

  unset CNI_IFNAME CNI_CONTAINERID CNI_NETNS
  "$bin/netctl" add bridge first >&2
  follow "$bin/netctl" add bridge web -p 8080:80 >&2
  follow "$bin/netctl" del bridge web >&2
  # A network of a file.
  echo "{\"cniVersion\": \"1.0.0\", \"name\": \"list\", \"plugins\": [$network,
    {\"type\": \"portmap\", \"capabilities\": {\"portMappings\": true}}]}" >/run/net.d/list.conflist
  follow "$bin/netctl" add list web -p 8080:80 >&2
  follow "$bin/netctl" del list web >&2
  # A line that CLI11 reads, as those of all other commands.
  follow "$bin/netctl" add list web -p 8080:80 --id web >&2
}

if [ "${1-}" = --profile ]; then
  profile "$2"
  exit
fi

cmake --preset release -B $build -DCMAKE_EXE_LINKER_FLAGS_RELEASE= >/dev/null
cmake --build $build -j2 --target netctl plugins >&2
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
unshare --net --mount --propagation private "$0" --profile "$work"

# "function archive:object" of what is not in a section of its own.
for archive in "${archives[@]}"; do
  nm -A --defined-only "$(gcc -print-file-name="$archive")" 2>/dev/null |
    awk -v archive="$archive" '{ split($1, part, ":"); print $3, archive ":" part[2] }'
done >"$work/objects"
# "program:address function" of each. Functions that are the same are one for the optimizer, with
# several names, of which it gives the section any.
nm -A --defined-only $build/bin/netctl $build/lib/cni/netctl-plugins |
  awk '$2 ~ /^[tTwW]$/ { print $1, $3 }' >"$work/names"

mapfile -t profiles < <(find "$work" -name '[0-9]*' | sort -V)
{
  echo "/* Written by scripts/order-functions.sh, which says what this is for. */"
  echo "SECTIONS {"
  echo "  .text.first : {"
  # Under valgrind there are no clocks of the kernel's to look up (vdso(7)), and locks are its own.
  printf '    *libc.a:%s.o(.text .text.*)\n' dl-object dl-lookup dl-setup_hash \
    pthread_mutex_lock pthread_mutex_unlock
  printf '    %s\n' '*crt1.o(.text)' '*(.text*.__libc_start_main)'
  awk '
    FILENAME ~ /objects$/ { object[$1] = $2; next }
    FILENAME ~ /names$/ { place[$2] = place[$2] " " $1; names[$1] = names[$1] " " $2; next }
    /^fn=[A-Za-z_]/ {
      name = substr($0, 4)
      sub(/\047[0-9]+$/, "", name)  # of a recursion
      if (done[name]++) next
      tell(name)
      count = split(place[name], places)
      for (i = 1; i <= count; ++i) {
        others = split(names[places[i]], other)
        # Many that do nothing are one: those are not worth a line each.
        for (j = 1; j <= others && others < 20; ++j) tell(other[j])
      }
    }
    function tell(name) {
      gsub(/\.(lto_priv|constprop|isra|part|cold)(\.[0-9]+)?/, "", name)  # of the optimizer
      gsub(/C[12]E/, "C[12]E", name)  # constructors that may be one
      gsub(/D[012]Ev/, "D[012]Ev", name)
      pattern = name in object ? "*" object[name] "(.text .text.*)" : "*(.text*." name "*)"
      if (!told[pattern]++) print "    " pattern
    }' "$work/objects" "$work/names" "${profiles[@]}"
  echo "  }"
  # Constants behind them, and not behind all code: where the kernel maps a large folio at once,
  # which is 2 MiB of the file, they are in it.
  echo "  .rodata.first : { *(.rodata .rodata.*) }"
  echo "}"
  echo "INSERT BEFORE .text;"
} >cmake/first-functions.ld
echo "cmake/first-functions.ld: $(grep -c '^    ' cmake/first-functions.ld) functions and objects"
