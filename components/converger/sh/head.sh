#!/bin/sh
# crosshost: makes this host equal to its units, and tells where it differs.
# A unit says what one component wants of this host, one line for each kernel or Docker object, in the words of `ip`,
# `nft` and `docker`. It is put on the host by Pulumi; `observe` changes nothing and may be run at will.
#
#   crosshost facts                            what plans are checked with
#   crosshost observe STACK                    these, and where the host differs
#   crosshost install STACK                    the unit `host` on stdin
#   crosshost apply STACK UNIT                 the unit on stdin
#   crosshost foretell STACK UNIT              entries on stdin that are not in the unit yet; the rest of it stays
#   crosshost delete STACK UNIT
#   crosshost uninstall STACK                  all of it
#   crosshost boot STACK links|rules|routes
#   crosshost ask LINK ADDRESS...              who on the link's LAN has these addresses
#   crosshost exposes IMAGE                    which ports it declares
#   crosshost vacate STACK UNIT CONTAINER [LEAVING...]
#                                              before Docker makes the unit's container
#   crosshost watch STACK                      until it is stopped: `attach` each container when it starts
#   crosshost keep STACK                       until it is stopped: routes, when the link that they go over comes up
#   crosshost attach STACK [CONTAINER]         what it has of us beside what Docker keeps; without a name, those that have started
#   crosshost announce PROCESS PORT LINK       to the LAN, a link in the namespace of a container's process
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
stack='' unit='' verb='' phase='' mode=plan round=1 verifying='' acting='' among='' restarted='' leaving=''

die() {
    printf 'crosshost: %s\n' "$*" >&2
    [ -d "$lib_dir" ] || rmdir "$run_dir" 2>/dev/null
    exit 1
}
