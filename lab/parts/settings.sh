# shellcheck shell=bash disable=SC2034
# Names and places. A lab's own things carry its name; roots, programs and images are shared by all labs.
lab=${CROSSHOST_LAB:-demo}
cache=${CROSSHOST_CACHE:-${HOME:-/root}/.cache/crosshost}

lab_dir=$cache/labs/$lab
run_dir=$lab_dir/run
lab_file=$lab_dir/lab.json
key_file=$lab_dir/key
known_hosts=$lab_dir/known_hosts
ssh_config=$lab_dir/ssh_config
lan_net=$(cat "$lab_dir/lan" 2>/dev/null || :) # 192.168.K, chosen at the first `up`

netns=ch-$lab      # namespaces: ch-demo-lan, ch-demo-internet, ch-demo-vm1
root_link=lab-$lab # this machine's end of the LAN
internet_net=198.51.100

engines_in_turn=(20.10 28 29 26 29-nftables) # three in a row are old and new
kernels_in_turn=(shared) # this machine's; of a host's own there is one where it is asked for
networks_in_turn=(ifupdown networkd none)
most_hosts=64 # a host's address is 10 more than its number

# Links hold 15 characters; a colon or comma in a path would change the meaning of mount's options.
check_names() {
    [[ $lab =~ ^[a-z][a-z0-9-]{0,9}$ ]] ||
        die "CROSSHOST_LAB=\"$lab\": a lab's name is 1 to 10 of a-z, 0-9 and -, and starts with a letter"
    [[ $cache =~ ^/[A-Za-z0-9_./-]+$ ]] ||
        die "CROSSHOST_CACHE=\"$cache\": must be an absolute path of letters, digits and _ . / -"
}

host_number() { echo "${1#vm}"; }
host_mac() { printf '02:4c:41:%02x:00:%02x\n' "${lan_net##*.}" $((10 + ${1#vm})); }
host_address() { echo "$lan_net.$((10 + ${1#vm}))"; }
host_fact() { cat "$lab_dir/$1/$2"; } # engine, kernel, release, network, layers, machine-id
kernel_of() { host_fact "$1" kernel 2>/dev/null || echo shared; } # as of a host that was made before there were others
# As it is where br_netfilter is not loaded. In a kernel that has it built in, bridges are filtered from the start.
bridges_unfiltered=(net.bridge.bridge-nf-call-{iptables,ip6tables,arptables}"=0")
# Docker before 27.3 loads it, and later engines with icc or userland-proxy off (moby PRs 48511, 48685). So does Kubernetes, and it stays
# loaded where Docker is upgraded: the hosts with Docker 28 are of these.
filters_bridges() { [[ $1 = 20.10 || $1 = 26 || $1 = 28 ]]; } # ENGINE

known_host() {
    [[ ${1:-} =~ ^vm[1-9][0-9]?$ && -e $lab_dir/$1/made ]] ||
        die "no host \"${1:-}\" in lab $lab; there are: $(made_hosts)"
}

host_and_manner() { # HOST [--hard]
    known_host "${1:-}"
    host=$1
    case ${2:-} in
    '') hard='' ;;
    --hard) hard=', hard' ;;
    *) die "unknown option \"$2\"; there is --hard" ;;
    esac
}

made_hosts() {
    local file
    for file in "$lab_dir"/vm*/made; do
        [ ! -e "$file" ] || basename "$(dirname "$file")"
    done | sort -V | xargs
}

# Hosts that an `up` asked for and no `down` took away since; one that was powered off is still among them.
wanted_hosts() {
    local name
    for name in $(made_hosts); do
        [ ! -e "$lab_dir/$name/wanted" ] || echo "$name"
    done | xargs
}
