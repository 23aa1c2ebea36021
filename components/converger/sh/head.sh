#!/bin/sh
# crosshost: makes this host match its units, and reports where it differs.
# A unit says what one component wants on this host, one line for each kernel or Docker object, in the words of `ip`,
# `nft` and `docker`. Pulumi puts it on the host; `observe` changes nothing and may be run at any time.
#
#   crosshost facts                            what plans are checked against
#   crosshost observe STACK                    the same, and where the host differs
#   crosshost install STACK                    the unit `host` on stdin
#   crosshost apply STACK UNIT                 the unit on stdin
#   crosshost foretell STACK UNIT              adds the entries on stdin to the unit; the rest of it stays
#   crosshost delete STACK UNIT
#   crosshost commit STACK UNIT                keeps what is under guard, if this is a new SSH connection; on stdin of which text
#   crosshost expire                           takes back what is under guard, when its time is over
#   crosshost uninstall STACK                  removes everything of the stack
#   crosshost boot STACK links|rules|routes
#   crosshost ask LINK ADDRESS...              which machines on the link's LAN have these addresses
#   crosshost exposes IMAGE                    which ports the image declares
#   crosshost vacate STACK UNIT CONTAINER [LEAVING...]
#                                              removes what is in the way of the unit's container
#   crosshost watch STACK                      until stopped: runs `attach` for each container that starts
#   crosshost keep STACK                       until stopped: restores routes over a NIC that are deleted, or lost with it
#   crosshost attach STACK [CONTAINER]         restores what Docker does not keep of it; without a name, of those that have started
#   crosshost tunnel STACK DEVICE              runs wireguard-go for a device, where the kernel has no WireGuard
#   crosshost resume STACK DEVICE              sets a device up whose wireguard-go has started anew
#   crosshost announce PROCESS PORT LINK       announces a link in a container's namespace to the LAN
#   crosshost announceat PROCESS ADDRESS       the same of the link that has an address
set -u
umask 022
export LC_ALL=C
# This host's own engine, and no file or variable of a login's that Docker's command line would follow to another.
unset DOCKER_CONTEXT DOCKER_API_VERSION DOCKER_CERT_PATH DOCKER_TLS DOCKER_TLS_VERIFY DOCKER_CUSTOM_HEADERS
export DOCKER_HOST=unix:///run/docker.sock DOCKER_CONFIG=/run/crosshost/no-docker-config
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin
lib_dir=/var/lib/crosshost
run_dir=/run/crosshost
systemd_dir=/etc/systemd/system
journal_dir=$run_dir/journal
client=${SSH_CONNECTION:-}
stack='' unit='' verb='' phase='' mode=plan round=1 verifying='' acting='' among='' restarted='' leaving='' guarded=''

die() {
    printf 'crosshost: %s\n' "$*" >&2
    [ -d "$lib_dir" ] || rmdir "$run_dir" 2>/dev/null
    exit 1
}
